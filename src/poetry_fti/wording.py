"""Lists and sizes as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS: Final = ((1_000_000_000, ".1f", "GB"), (1_000_000, ".0f", "MB"))


def joined(words: Iterable[str]) -> str:
    """Return words as a list in English, `a, b and c`; there must be at least one."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def readable(size: int) -> str:
    """Return a size in bytes with its unit: kB, MB or GB."""
    for unit, form, name in _UNITS:
        if size >= unit:
            return f"{size / unit:{form}} {name}"
    return f"{size / 1000:.0f} kB"
