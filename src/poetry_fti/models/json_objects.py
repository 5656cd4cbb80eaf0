"""Reading selected strings of a JSON document in little memory, however it is nested."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_TOKEN: Final = re.compile(
    rb'[ \t\r\n]*(?:(["{}\[\],:])|true|false|null|NaN|-?Infinity|-?[0-9][0-9.eE+-]*)[ \t\r\n]*'
)
_DEEPEST: Final = 10_000
_LONGEST: Final = 1024  # bytes of a string
_INVALID: Final = "its JSON is not valid"


@dataclass(slots=True)
class JsonObject:
    """An object in a JSON document.

    Attributes:
        depth: the number of objects and arrays that contain it.
        key: the key that it is the value of; empty in an array.
        strings: the short strings that are values of the selected keys.
    """

    depth: int
    key: str
    strings: dict[str, str] = field(default_factory=dict)


def json_objects(document: bytes, keys: Container[str]) -> Iterator[JsonObject]:
    """Yield each object of a JSON document in UTF-8 at its end, with its strings for some keys.

    Keys that are longer than 1 KiB count as empty. Raises MalformedError for what is not JSON, but
    does not find every error of syntax.
    """
    open_ones: list[JsonObject | None] = []  # None for an array
    key = text = ""
    for token in _tokens(document):
        match token:
            case b":" | b",":
                key = text if token == b":" else ""
            case b"{" | b"[":
                if len(open_ones) > _DEEPEST:
                    raise MalformedError("its JSON is nested too deeply")
                open_ones.append(JsonObject(len(open_ones), key) if token == b"{" else None)
                key = ""
            case b"}" | b"]":
                if not open_ones or (open_ones[-1] is not None) != (token == b"}"):
                    raise MalformedError(_INVALID)
                if closed := open_ones.pop():
                    yield closed
            case _:
                text = _decoded(token)
                if open_ones and (current := open_ones[-1]) and key in keys:
                    current.strings[key] = text
    if open_ones:
        raise MalformedError(_INVALID)


def _tokens(document: bytes) -> Iterator[bytes]:
    """Yield each string with its quotes, and each sign; numbers and constants are left out."""
    position = 0
    while position < len(document):
        match = _TOKEN.match(document, position)
        if match is None:
            raise MalformedError(_INVALID)
        position = match.end()
        if match[1] == b'"':
            start, position = match.start(1), _end_of_string(document, match.end(1))
            yield document[start:position]
        elif match[1]:
            yield match[1]


def _end_of_string(document: bytes, start: int) -> int:
    while (end := document.find(b'"', start)) >= 0:
        text = document[start:end]
        if (len(text) - len(text.rstrip(b"\\"))) % 2 == 0:  # the quote is not escaped
            return end + 1
        start = end + 1
    raise MalformedError(_INVALID)


def _decoded(string: bytes) -> str:
    if len(string) > _LONGEST:
        return ""
    try:
        text = str(json.loads(string.decode()))
        text.encode()  # fails for half of a surrogate pair
    except ValueError as error:
        raise MalformedError(_INVALID) from error
    return text
