"""Lists and sizes as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_GIGABYTE: Final = 1_000_000_000


def joined(words: Iterable[str]) -> str:
    """Return one word or more with commas, and an "and" before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def megabytes(size: int) -> str:
    """Return a number of bytes in MB or GB."""
    return f"{size / 1_000_000:.0f} MB" if size < _GIGABYTE else f"{size / _GIGABYTE:.1f} GB"
