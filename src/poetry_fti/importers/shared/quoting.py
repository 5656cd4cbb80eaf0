"""Texts of imported files in messages."""

from __future__ import annotations

from typing import Final

from poetry_fti.urls import public_text
from poetry_fti.wording import in_quotes

_LONGEST: Final = 100


def quoted(text: str) -> str:
    """Return a text in quotes on one line, shortened and without the credentials in its URLs."""
    public = public_text(text)
    return in_quotes(public if len(public) <= _LONGEST else f"{public[:_LONGEST]}…")
