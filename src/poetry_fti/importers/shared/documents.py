"""TOML and JSON files as data, and values of expected types in them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from poetry_fti.errors import FtiError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    from poetry_fti.importers.source import Files


def read_toml(path: PurePath, files: Files) -> dict[str, Any]:
    """Return the data of a TOML file; raises FtiError if it cannot be read or is not valid."""
    try:
        data: dict[str, Any] = tomllib.loads(_text(path, files))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FtiError(f"{files.shown(path)} is not valid TOML: {error}") from error
    return data


def read_json(path: PurePath, files: Files) -> dict[str, Any]:
    """Return the object in a JSON file; raises FtiError if there is none or it cannot be read."""
    try:
        data = json.loads(_text(path, files))
    except (ValueError, RecursionError) as error:
        raise FtiError(f"{files.shown(path)} is not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise FtiError(f"{files.shown(path)} is not a JSON object.")
    return data


def _text(path: PurePath, files: Files) -> str:
    try:
        return files.read(path).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise FtiError(f"{files.shown(path)} is not UTF-8 text.") from error


def table(value: object, *keys: str) -> Mapping[str, Any]:
    """Return the table at nested keys of a value, an empty one if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def tables(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the tables in a list; none if the value is not a list."""
    yield from (each for each in array(value) if isinstance(each, dict))


def strings(value: object) -> Iterator[str]:
    """Yield the strings in a list; none if the value is not a list."""
    yield from (each for each in array(value) if isinstance(each, str))


def array(value: object) -> list[Any]:
    """Return a value if it is a list, or else an empty list."""
    return value if isinstance(value, list) else []


def string(value: object) -> str:
    """Return a value if it is a string, or else an empty string."""
    return value if isinstance(value, str) else ""
