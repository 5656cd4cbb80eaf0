"""Values and calls as Python source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_INDENT: Final = "    "
_WIDTH: Final = 88


def call_text(function: str, arguments: Mapping[str, str], level: int) -> str:
    """Return a call with a line for each argument, whose values are Python source.

    `level` is the number of indentations of the line that the call is in.
    """
    lines = [f"{_INDENT * (level + 1)}{name}={value},\n" for name, value in arguments.items()]
    return f"{function}(\n{''.join(lines)}{_INDENT * level})"


def value_text(value: object, level: int) -> str:
    """Return a value of strings, numbers, lists and dictionaries as Python source.

    A long value has a line for each of its items; `level` is the number of indentations of the line
    that it is in.
    """
    if isinstance(value, dict) and len(repr(value)) + level * len(_INDENT) > _WIDTH:
        items = [f"{key!r}: {value_text(each, level + 1)}" for key, each in value.items()]
        return _bracketed("{}", items, level)
    if isinstance(value, list) and len(repr(value)) + level * len(_INDENT) > _WIDTH:
        return _bracketed("[]", [value_text(each, level + 1) for each in value], level)
    return repr(value)


def _bracketed(brackets: str, items: list[str], level: int) -> str:
    lines = [f"{_INDENT * (level + 1)}{item},\n" for item in items]
    return f"{brackets[0]}\n{''.join(lines)}{_INDENT * level}{brackets[1]}"
