"""A pyproject.toml for a folder that has no project yet."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.scaffold.toml_text import add_keys, parse, table_at

if TYPE_CHECKING:
    from collections.abc import Mapping

# What the name of a project cannot contain.
_OTHER: Final = re.compile(r"[^a-z0-9-]+")


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
