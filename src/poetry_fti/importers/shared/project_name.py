"""The name of a package whose source is in a folder, read without running anything."""

from __future__ import annotations

import sys
from configparser import ConfigParser, Error
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from poetry_fti.importers.source import Files


def project_name(folder: PurePath, files: Files) -> str | None:
    """Return the name in pyproject.toml or else setup.cfg, None if neither has one."""
    pyproject, setup = folder / "pyproject.toml", folder / "setup.cfg"
    name = None
    if files.has(pyproject):
        name = _declared(files.read(pyproject).decode(errors="replace"))
    if name is None and files.has(setup):
        name = _configured(files.read(setup).decode(errors="replace"))
    return name


def _declared(text: str) -> str | None:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    poetry = _table(_table(data.get("tool")).get("poetry"))
    name = _table(data.get("project")).get("name") or poetry.get("name")
    return name if isinstance(name, str) else None


def _configured(text: str) -> str | None:
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except Error:
        return None
    return parser.get("metadata", "name", fallback=None)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
