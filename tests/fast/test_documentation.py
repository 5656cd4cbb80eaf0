"""The pages of the documentation lead somewhere: every link, and every page from the README."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
PAGES: Final = (README, ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md")))
LINK: Final = re.compile(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)")
CODE: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)


def links(page: Path) -> Iterator[tuple[Path, str]]:
    for path, anchor in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        yield (page.parent / path).resolve() if path else page, anchor


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = HEADING.findall(CODE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_every_link_has_a_target() -> None:
    existing = {page: anchors(page) for page in PAGES}
    broken = [
        f"{page.relative_to(ROOT)}: {target.name}#{anchor}"
        for page in PAGES
        for target, anchor in links(page)
        if not target.exists() or (anchor and anchor not in existing[target])
    ]
    assert broken == []


def test_the_readme_lists_every_page() -> None:
    listed = {target for target, _ in links(README)}
    unlisted = ROOT / "docs/development.md", ROOT / "docs/benchmarks.md"
    assert [page for page in PAGES[2:] if page not in (*unlisted, *listed)] == []
