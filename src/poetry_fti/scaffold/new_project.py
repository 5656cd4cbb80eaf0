"""A pyproject.toml for a folder that has no project yet."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.scaffold.toml_text import add_keys, parse, table_at

if TYPE_CHECKING:
    from collections.abc import Mapping

# Keys of [tool.poetry] that show whether the project is a package.
_PACKAGING: Final = frozenset({"package-mode", "packages", "include", "name"})
# What the name of a project cannot contain.
_OTHER: Final = re.compile(r"[^a-z0-9-]+")


def with_package_mode(text: str, *, has_lock: bool) -> str:
    """Return the text of a pyproject.toml with `package-mode = false` if uv or PDM implies that.

    These do not install a project itself that declares so, or that has no build system. `has_lock`
    is set if the project has a lock of theirs. What is declared for Poetry stays.
    """
    data = parse(text)
    tool: Mapping[str, Any] = table_at(data, ("tool",))
    declared = [
        table_at(tool, path[:1]).get(path[1])
        for path in (("uv", "package"), ("pdm", "distribution"))
    ]
    is_theirs = has_lock or "uv" in tool or "pdm" in tool
    is_virtual = False in declared or (is_theirs and "build-system" not in data)
    if True in declared or not is_virtual or _PACKAGING & table_at(tool, ("poetry",)).keys():
        return text
    return add_keys(text, ("tool", "poetry"), {"package-mode": False})


def with_project(text: str, name: str, python: str) -> str:
    """Return the text of a pyproject.toml, which may be empty, with the table `[project]`.

    It is a project that is not packaged: stages run from source. `python` are the specifiers of its
    Python; if they are empty, it is the running version or newer.
    """
    running = f">={sys.version_info.major}.{sys.version_info.minor}"
    project = {
        "name": _OTHER.sub("-", canonicalize_name(name)).strip("-") or "project",
        "version": "0.1.0",
        "requires-python": python or running,
    }
    poetry: Mapping[str, Any] = table_at(parse(text), ("tool", "poetry"))
    text = add_keys(text, ("project",), project)
    return text if poetry else add_keys(text, ("tool", "poetry"), {"package-mode": False})
