"""The positions of tables in the text of a TOML file, found by their header lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KeyPath: TypeAlias = "tuple[str, ...]"

_HEADER: Final = re.compile(r"\s*\[(?P<array>\[)?(?P<path>.*?)\]\]?\s*(#.*)?")


@dataclass(frozen=True, slots=True)
class Section:
    """A table under its header: `start` is the header's line, `end` the line after the last.

    Lines count from 0. Empty lines at the end and comments directly above the next header are
    not part of a section.
    """

    path: KeyPath
    is_array: bool
    start: int
    end: int


def lines_of(text: str) -> list[str]:
    """Return the lines of a text without line endings; an empty text has none."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def sections(text: str) -> list[Section]:
    """Return the sections of a TOML file in their order.

    A line inside a multi-line string that looks like a header is taken for one.
    """
    lines = lines_of(text)
    headers = [
        (index, *header)
        for index, line in enumerate(lines)
        if (header := _header(line)) is not None
    ]
    ends = [*(index for index, *_ in headers), len(lines)][1:]
    return [
        Section(path, is_array, start, _tail(lines, start, end))
        for (start, path, is_array), end in zip(headers, ends, strict=True)
    ]


def _tail(lines: Sequence[str], start: int, end: int) -> int:
    if end < len(lines):
        while end > start + 1 and lines[end - 1].lstrip().startswith("#"):
            end -= 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def _header(line: str) -> tuple[KeyPath, bool] | None:
    match = _HEADER.fullmatch(line)
    if match is None:
        return None
    path = _key_path(match["path"])
    return None if path is None else (path, match["array"] is not None)


@lru_cache(maxsize=256)  # most edits look for the sections several times
def _key_path(text: str) -> KeyPath | None:
    try:
        return tuple(_keys(tomlkit.parse(f"{text} = 0").unwrap()))
    except TOMLKitError:
        return None


def _keys(table: Any) -> Iterator[str]:  # noqa: ANN401 - any TOML value
    while isinstance(table, Mapping):
        (key,) = table
        yield key
        table = table[key]
