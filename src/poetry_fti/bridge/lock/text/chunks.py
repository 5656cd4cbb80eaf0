"""Splits the text of a lock before its tables; the parts of a text are computed once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from poetry_fti.bridge.lock.text.package_text import GROUPS

# What a lock contains between its first line and the table of its metadata.
_BETWEEN: Final = re.compile(r"\n(?=\[\[package\]\]\n|\[(?:extras|metadata)\]\n)")
_START: Final = "[[package]]\n"
# More than the stages of a large project.
_REMEMBERED: Final = 128


class PackageText(NamedTuple):
    """The text of a package in a lock, without the line `[[package]]`.

    `shared` is this text with an empty list of dependency groups, so that it is equal for most
    stages. `groups` is the original line with the groups, or an empty string.
    """

    shared: str
    groups: str


@lru_cache(_REMEMBERED)
def lock_chunks(text: str) -> tuple[PackageText | str, ...]:
    """Return the packages of a lock and, as strings, the text between and after them, in order.

    Lines end in LF. The first string starts with an additional line break.
    """
    text = text.replace("\r\n", "\n") if "\r" in text else text  # looking for one is fast
    return tuple(
        _package_text(chunk.removeprefix(_START)) if chunk.startswith(_START) else chunk
        for chunk in _BETWEEN.split(f"\n{text}")
    )


def _package_text(text: str) -> PackageText:
    found = GROUPS.search(text)
    if found is None:
        return PackageText(text, "")
    shared = f"{text[: found.start()]}groups = []\n{text[found.end() :]}"
    return PackageText(shared, found[0])
