"""Projects that Poetry has accepted, so that it does not validate them again until they change."""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import poetry.core

from poetry_fti.bridge.internals.versions import poetry_version
from poetry_fti.bridge.project.settings import project_cache_file
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def is_accepted(root: Path, pyproject: Mapping[str, Any]) -> bool:
    """Return whether this Poetry has accepted the data of the pyproject.toml in a folder before."""
    try:
        return _path(root).read_text(encoding="utf-8") == _digest(pyproject)
    except (FtiError, OSError, UnicodeDecodeError):
        return False


def remember_accepted(root: Path, pyproject: Mapping[str, Any]) -> None:
    """Keep in Poetry's cache that this Poetry accepts the data, and that it has no warning."""
    with suppress(FtiError, OSError):  # the cache may be read-only
        path = _path(root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_digest(pyproject), encoding="utf-8")


def _path(root: Path) -> Path:
    return project_cache_file(root, "accepted")


def _digest(pyproject: Mapping[str, Any]) -> str:
    # Unlike JSON, it tells a date from a string.
    shown = repr((poetry_version(), poetry.core.__version__, pyproject))
    return sha256(shown.encode()).hexdigest()
