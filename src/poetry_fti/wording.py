"""Lists, counts, sizes and suggestions as text for people."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

# Of longer lists, messages have the first names, or only the number.
MOST_NAMED: Final = 3

# The number of digits that short hashes have, in messages and names.
_DIGITS: Final = 12

_UNITS: Final = ((1_000_000_000, ".1f", "GB"), (1_000_000, ".0f", "MB"))

# Characters that end lines, control a terminal or change the direction of text, for a pattern.
CONTROL: Final = (
    r"\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
)
_CONTROL: Final = re.compile(rf"(?![\t\n])[{CONTROL}]")
_LATIN: Final = 0xFF


def harmless(text: str) -> str:
    """Return a text with escaped control characters, which a terminal would act on."""
    return _CONTROL.sub(_escape, text)


def in_one_line(text: str) -> str:
    """Return a text with all control characters escaped, also tabs and newlines."""
    return harmless(text).replace("\t", "\\t").replace("\n", "\\n")


def in_quotes(text: str) -> str:
    """Return a text in quotes on one line, for a message."""
    return f'"{in_one_line(text)}"'


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= _LATIN else f"\\u{code:04x}"


def suggestion(word: str, known: Collection[str]) -> str:
    """Return `; did you mean "…"?` with the most similar known word, or an empty string.

    Case makes no difference, nor do `_` and `-`.
    """
    folded = {_folded(each): each for each in sorted(known)}
    near = get_close_matches(_folded(word), folded, n=1)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""


def _folded(word: str) -> str:
    return word.lower().replace("_", "-")


def joined(words: Iterable[str], conjunction: str = "and") -> str:
    """Return words joined as an English list, `a, b and c`; there must be at least one word."""
    *first, last = words
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def named_stages(names: Sequence[str]) -> str:
    """Return the names of stages as an English list, or their number if there are many."""
    return joined(names) if len(names) <= MOST_NAMED else counted(len(names), "stage")


def abbreviated(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Return the first names as an English list with the number of the others, if there are any."""
    shown = names[:most]
    more = len(names) - len(shown)
    return joined([*shown, f"{more} more"] if more else shown)


def counted(count: int, noun: str) -> str:
    """Return a number and its noun, such as `1 file` or `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def short_commit(commit: str) -> str:
    """Return the first digits of a commit's hash, enough to identify it in messages."""
    return commit[:_DIGITS]


def short_digest(digest: str) -> str:
    """Return a digest such as `sha256:0123…` with only the first digits of its hash."""
    algorithm, separator, _ = digest.rpartition(":")
    return f"{algorithm}{separator}{digest_name(digest)}"


def digest_name(digest: str) -> str:
    """Return the first digits of a digest without its algorithm, for a name or a tag."""
    return digest.rpartition(":")[2][:_DIGITS]


def readable(size: int) -> str:
    """Return a number of bytes as text in kB, MB or GB, such as `17 MB`."""
    for unit, form, name in _UNITS:
        if size >= unit:
            return f"{size / unit:{form}} {name}"
    return f"{size / 1000:.0f} kB"
