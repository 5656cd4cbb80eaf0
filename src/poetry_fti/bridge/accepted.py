"""Projects that Poetry has accepted, so that it does not validate them again until they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import poetry.core

from poetry_fti.bridge.internals.versions import poetry_version
from poetry_fti.bridge.remembered import is_remembered, remember

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KIND: Final = "accepted"


def is_accepted(root: Path, pyproject: Mapping[str, Any]) -> bool:
    """Return whether this Poetry has accepted the data of the pyproject.toml in a folder before."""
    return is_remembered(root, _KIND, _content(pyproject))


def remember_accepted(root: Path, pyproject: Mapping[str, Any]) -> None:
    """Keep in Poetry's cache that this Poetry accepts the data, and that it has no warning."""
    remember(root, _KIND, _content(pyproject))


def _content(pyproject: Mapping[str, Any]) -> str:
    # Unlike JSON, it tells a date from a string.
    return repr((poetry_version(), poetry.core.__version__, pyproject))
