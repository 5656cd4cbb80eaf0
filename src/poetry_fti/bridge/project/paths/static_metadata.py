"""What a local package requires, as far as its files state it without a build."""

from __future__ import annotations

import re
from configparser import ConfigParser, Error
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.reading import LARGEST_TEMPLATE, read_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

# A setup.py with neither leaves the requirements to setup.cfg.
_REQUIRING: Final = re.compile(r"requires?\b|\*\*")


@dataclass(frozen=True, slots=True)
class StaticMetadata:
    """The static metadata of a package, as the data of a pyproject.toml.

    `dynamic` are the keys of `[project]` that a build computes, of those that list requirements.
    """

    data: Mapping[str, Any]
    dynamic: Collection[str] = ()


def read_static_metadata(folder: Path) -> StaticMetadata | None:
    """Return the static metadata of the package in a folder; None if Poetry cannot read one."""
    try:
        data = tomllib.loads(_text(folder / "pyproject.toml"))
        project, poetry = data.get("project"), data.get("tool", {}).get("poetry")
        if poetry is not None:
            return StaticMetadata(_of_poetry(data, poetry))
        if project is not None:
            keys = {"dependencies", "optional-dependencies"}
            return StaticMetadata(data, keys.intersection(project.get("dynamic", ())))
        return _of_setuptools(folder)
    except (AttributeError, Error, OSError, TypeError, ValueError):
        return None


def _of_poetry(data: Mapping[str, Any], poetry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the data without what Poetry ignores where the package is required by another one.

    The requirements in `[tool.poetry]` are those of dependants only if `[project]` has none, or if
    it declares them dynamic; otherwise they are details for locking the package itself.
    """
    project = data.get("project", {})
    keys = ("dependencies", "optional-dependencies")
    if not any(key in project for key in keys) or set(keys).intersection(
        project.get("dynamic", ())
    ):
        return data
    if any(project.get(key) for key in keys):
        details = {key: value for key, value in poetry.items() if key not in {keys[0], "extras"}}
        return {**data, "tool": {"poetry": details}}
    return {**data, "project": {k: v for k, v in project.items() if k not in keys}}


def _text(path: Path) -> str:
    try:
        return read_bytes(path, LARGEST_TEMPLATE).decode().replace("\r\n", "\n")
    except FileNotFoundError:
        return ""


def _of_setuptools(folder: Path) -> StaticMetadata | None:
    files = [folder / name for name in ("pyproject.toml", "setup.cfg", "setup.py")]
    if not any(path.exists() for path in files):
        return None
    config = ConfigParser(interpolation=None)
    config.read_string(_text(files[1]))
    project: dict[str, Any] = {
        "name": config.get("metadata", "name", fallback="project"),
        "version": config.get("metadata", "version", fallback="0"),
        "requires-python": config.get("options", "python_requires", fallback=""),
        "dependencies": _listed(config.get("options", "install_requires", fallback="")),
    }
    if config.has_section("options.extras_require"):
        extras = config.items("options.extras_require")
        project["optional-dependencies"] = {extra: _listed(text) for extra, text in extras}
    is_static = config.has_section("options") and not _REQUIRING.search(_text(files[2]))
    return StaticMetadata({"project": project}, () if is_static else {"dependencies"})


def _listed(text: str) -> list[str]:
    """Return the requirements of a value in setup.cfg: one on each line, or separated by `;`."""
    lines = text.splitlines() if "\n" in text else text.split(";")
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
