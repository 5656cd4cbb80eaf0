"""The lines of a TOML document on which its keys, tables and items are.

The libraries that parse TOML do not report positions. The text is expected to be valid TOML.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Final, NamedTuple, TypeAlias

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
# A string of several lines may end in up to two quotes of its own.
_STRING: Final = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|"(?:[^"\\\n]|\\.)*"|'''
    r"""'''.*?'{3,5}|'[^'\n]*'""",
    re.DOTALL,
)
_OTHER_VALUE: Final = re.compile(r"[^,\]}#\n]+")
_ESCAPE: Final = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)")

_Path: TypeAlias = str


class Position(NamedTuple):
    """A place in a text; lines and columns begin with 1, and columns count characters."""

    line: int
    column: int


def toml_positions(text: str) -> dict[str, Position]:
    """Return where each key, table and item of an array is, by its path.

    Paths are written as in messages: `tool.fti.align[0]."a.b"`. A table is where its header or its
    key is; without one of its own, where it is first part of another.
    """
    return _Scanner(text).scan()


class _Scanner:
    """Reads a document once from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._own: dict[_Path, int] = {}
        self._implied: dict[_Path, int] = {}
        self._lengths: dict[_Path, int] = {}  # of arrays of tables

    def scan(self) -> dict[str, Position]:
        table = ""
        self._take(_SPACE)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._take(_SPACE)
        found = {**self._implied, **self._own}
        return {path: self._position(at) for path, at in found.items()}

    def _position(self, at: int) -> Position:
        line = bisect_right(self._starts, at)
        return Position(line, at - self._starts[line - 1] + 1)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no TOML at character {self._at}")
        self._at = match.end()
        return match[0]

    def _header(self) -> str:
        is_array = self._text.startswith("[[", self._at)
        self._at += 1 + is_array
        *parents, (path, at) = self._dotted("", in_header=True)
        for parent, there in parents:
            self._implied.setdefault(parent, there)
        if is_array:
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            self._own.setdefault(path, at)
            path = f"{path}[{index}]"
        self._own.setdefault(path, at)
        self._at += 1 + is_array
        return path

    def _pair(self, table: str) -> None:
        *parents, (path, at) = self._dotted(table)
        for parent, there in parents:
            self._implied.setdefault(parent, there)
        self._own.setdefault(path, at)
        self._at += 1  # the sign "="
        self._value(path)

    def _dotted(self, table: str, *, in_header: bool = False) -> list[tuple[_Path, int]]:
        """Read a dotted key; return the paths of its parts and where these are."""
        parts: list[tuple[_Path, int]] = []
        path = table
        while True:
            self._take(_BLANK)
            at = self._at
            if in_header and path in self._lengths:
                path = f"{path}[{self._lengths[path] - 1}]"
            key = _quoted(_unquoted(self._take(_KEY)))
            path = f"{path}.{key}" if path else key
            parts.append((path, at))
            self._take(_BLANK)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: str) -> None:
        self._take(_SPACE)
        first = self._text[self._at]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._take(_STRING if first in "\"'" else _OTHER_VALUE)

    def _array(self, path: str) -> None:
        index = 0
        while not self._closes("]"):
            item = f"{path}[{index}]"
            self._own.setdefault(item, self._at)
            self._value(item)
            index += 1

    def _inline_table(self, path: str) -> None:
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Move to the next item, or behind the closing bracket; return whether that is reached."""
        self._take(_SPACE)
        if self._text[self._at] != bracket:
            self._at += 1  # the opening bracket, or a comma
            self._take(_SPACE)
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True


def _unquoted(key: str) -> str:
    if key.startswith("'"):
        return key[1:-1]
    return _ESCAPE.sub(_unescaped, key[1:-1]) if key.startswith('"') else key


def _unescaped(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[1] in "uUx":
        digits = escape[2:]
        return chr(int(digits, 16))
    text: str = "\x1b" if escape == r"\e" else json.loads(f'"{escape}"')
    return text


def _quoted(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else f'"{key}"'
