"""Rendering a derived project as the text of a pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import tomlkit

if TYPE_CHECKING:
    from tomlkit.items import AoT, Array, InlineTable, Item, Table

_CONSTRAINTS: Final = ("dependencies", "dev-dependencies")


def pyproject_text(data: Mapping[str, Any]) -> str:
    """Return the text of a pyproject.toml, with one line for each requirement."""
    document = tomlkit.document()
    for key, value in data.items():
        document[key] = _item(key, value)
    return tomlkit.dumps(document)


def _item(key: str, value: Any) -> Item:  # noqa: ANN401 - any TOML value
    if isinstance(value, Mapping):
        return _table(value, inline=key in _CONSTRAINTS)
    if isinstance(value, list):
        tables = bool(value) and all(isinstance(each, Mapping) for each in value)
        return _tables(value) if tables and key == "source" else _array(value)
    item: Item = tomlkit.item(value)
    return item


def _table(value: Mapping[str, Any], *, inline: bool) -> Table:
    super_table = bool(value) and all(isinstance(each, Mapping) for each in value.values())
    table = tomlkit.table(is_super_table=super_table and not inline)
    simple_first = sorted(value, key=lambda key: isinstance(value[key], Mapping) and not inline)
    for key in simple_first:
        table[key] = _constraint(value[key]) if inline else _item(key, value[key])
    return table


def _constraint(value: Any) -> Item:  # noqa: ANN401 - any TOML value
    if isinstance(value, Mapping):
        return _inline(value)
    return _array(value) if isinstance(value, list) else tomlkit.item(value)


def _inline(value: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _array(values: list[Any]) -> Array:
    array = tomlkit.array()
    for value in values:
        array.append(_inline(value) if isinstance(value, Mapping) else value)
    return array.multiline(len(values) > 1)


def _tables(values: list[Mapping[str, Any]]) -> AoT:
    tables = tomlkit.aot()
    for value in values:
        tables.append(_table(value, inline=False))
    return tables
