"""Whether the tables that stages are derived from have the shape that Poetry's schema demands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final = (str, int, float)  # with bool: what JSON has, and Poetry's content hash covers

# Keys that are read, and the shape of their values: a type, [item] for an array, {key: value} for
# a table, where "*" stands for every key.
_TABLE: Final = {"*": object}
_NAMES: Final = [str]
_SHAPE: Final[Mapping[str, Any]] = {
    "project": {
        "name": str,
        "requires-python": str,
        "dependencies": _NAMES,
        "optional-dependencies": {"*": _NAMES},
        "dynamic": _NAMES,
    },
    "dependency-groups": {"*": [object]},
    "tool": {
        "poetry": {
            "name": str,
            "dependencies": _TABLE,
            "dev-dependencies": _TABLE,
            "extras": {"*": _NAMES},
            "source": [{"name": str, "url": str, "priority": str}],
            "build-constraints": {"*": _TABLE},
            "group": {"*": {"dependencies": _TABLE, "include-groups": _NAMES}},
        }
    },
}


def has_expected_shape(pyproject: Mapping[str, Any]) -> bool:
    """Return whether stages can be derived without asking Poetry first for what is wrong.

    It looks at types alone, which takes a fraction of the time of Poetry's JSON schema.
    """
    poetry = _get(_get(pyproject, "tool"), "poetry")
    read = [pyproject.get("project"), pyproject.get("dependency-groups"), poetry]
    return _matches(pyproject, _SHAPE) and all(map(_is_json, read))


def _get(table: object, key: str) -> object:
    return table.get(key) if isinstance(table, Mapping) else None


def _matches(value: object, shape: Any) -> bool:  # noqa: ANN401 - a type, an array or a table
    if isinstance(shape, list):
        return isinstance(value, list) and all(_matches(item, shape[0]) for item in value)
    if isinstance(shape, Mapping):
        return isinstance(value, Mapping) and all(
            _matches(item, shape.get(key, shape.get("*", object))) for key, item in value.items()
        )
    return isinstance(value, shape)


def _is_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, _PLAIN)
