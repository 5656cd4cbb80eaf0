"""Chromium, in which pages are opened as files without a network."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Dialog, Page

_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a headless Chromium: the one on PATH, or else one that Playwright has installed.

    Skips the test without one.
    """
    api = pytest.importorskip("playwright.sync_api", reason="needs the dependency group `browser`")
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    with api.sync_playwright() as playwright:
        if found is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("needs Chromium: install it, or run `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=found)
        try:
            yield browser
        finally:
            browser.close()


def problems_of(page: Page) -> list[str]:
    """Return a list to which errors, dialogs and requests of a page are added."""
    found: list[str] = []

    def refuse(dialog: Dialog) -> None:
        found.append("dialog")
        dialog.dismiss()

    page.on("console", lambda message: found.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("dialog", refuse)
    page.on("request", lambda request: found.append(f"request: {request.url}"))
    return found
