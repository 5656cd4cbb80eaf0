"""Rendering keys and tables as lines of a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import tomlkit

from poetry_fti.config.messages import dotted
from poetry_fti.scaffold.toml_sections import lines_of

if TYPE_CHECKING:
    from poetry_fti.scaffold.toml_sections import KeyPath


def table_lines(path: KeyPath, values: Mapping[str, Any]) -> list[str]:
    """Return the lines of the table at `path`: its header, its keys, then its nested tables."""
    inline = path[-1] == "dependencies"
    below = {k: v for k, v in values.items() if isinstance(v, Mapping) and not inline}
    own = {key: value for key, value in values.items() if key not in below}
    lines = [f"[{dotted(*path)}]", *assignments(path, own)] if own or not below else []
    for key, value in below.items():
        lines += [*([""] if lines else []), *table_lines((*path, key), value)]
    return lines


def assignments(path: KeyPath, values: Mapping[str, Any]) -> list[str]:
    """Return the lines that assign keys in the table at `path`, without the table's header.

    A dependency group is written with one requirement a line.
    """
    tall = path[-1] == "dependency-groups"
    return [
        line
        for key, value in values.items()
        for line in assignment_lines(key, _value(value, tall=tall))
    ]


def assignment_lines(key: str, value: str) -> list[str]:
    """Return the lines that assign a value, given as TOML, to a key."""
    return lines_of(f"{dotted(key)} = {value}")


def _value(value: Any, *, tall: bool) -> str:  # noqa: ANN401 - any TOML value
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{dotted(k)} = {_value(v, tall=False)}" for k, v in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        return f"[{', '.join(_value(each, tall=False) for each in value)}]"
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend(value)
        return array.multiline(tall and bool(value)).as_string()
    text: str = tomlkit.item(value).as_string()
    return text
