"""Lists, counts, sizes and suggestions as text for people."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# Lists of more stages than these are replaced by their number.
MOST_NAMED: Final = 3

_UNITS: Final = ((1_000_000_000, ".1f", "GB"), (1_000_000, ".0f", "MB"))


def suggestion(word: str, known: Collection[str]) -> str:
    """Return `; did you mean "…"?` with the most similar known word, or an empty string."""
    near = get_close_matches(word, sorted(known), n=1)
    return f'; did you mean "{near[0]}"?' if near else ""


def joined(words: Iterable[str]) -> str:
    """Return words joined as an English list, `a, b and c`; there must be at least one word."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def named_stages(names: Sequence[str]) -> str:
    """Return the names of stages as an English list, or their number if there are many."""
    return joined(names) if len(names) <= MOST_NAMED else counted(len(names), "stage")


def counted(count: int, noun: str) -> str:
    """Return a number and its noun, such as `1 file` or `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def readable(size: int) -> str:
    """Return a number of bytes as text in kB, MB or GB, such as `17 MB`."""
    for unit, form, name in _UNITS:
        if size >= unit:
            return f"{size / unit:{form}} {name}"
    return f"{size / 1000:.0f} kB"
