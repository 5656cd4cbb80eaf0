"""Rebasing paths of local dependencies from the project's root to a stage's folder.

`up` is the relative path from the stage's folder to the project's root.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.request import url2pathname

from packaging.requirements import InvalidRequirement, Requirement

if TYPE_CHECKING:
    from pathlib import PurePosixPath

_REFERENCE: Final = re.compile(r"(?P<name>[^@;]+@\s*)(?P<url>[^\s;]+)(?P<rest>.*)", re.DOTALL)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_WINDOWS_DRIVE: Final = re.compile(r"[A-Za-z]:[\\/]")


def rebase_path(path: str, up: PurePosixPath) -> str:
    """Return a path relative to the stage's folder; an absolute path is returned unchanged."""
    if path.startswith("/") or _WINDOWS_DRIVE.match(path):
        return path
    return posixpath.normpath(posixpath.join(up, path.replace("\\", "/")))


def rebase_requirement(requirement: str, up: PurePosixPath) -> str:
    """Return a PEP 508 requirement with its path or `file:` URL relative to the stage's folder."""
    match = _REFERENCE.fullmatch(requirement)
    if match is None:
        return requirement
    return f"{match['name']}{_rebase_url(match['url'], up)}{match['rest']}"


def _rebase_url(url: str, up: PurePosixPath) -> str:
    # Poetry treats both file:PATH and file://./PATH as relative to the project.
    for prefix in ("file://.", "file:"):
        if url.startswith(prefix):
            path, mark, fragment = url[len(prefix.rstrip(".")) :].partition("#")
            if path.startswith("/"):
                return url
            return f"file:{rebase_path(path, up)}{mark}{fragment}"
    return url if _SCHEME.match(url) and "://" in url else rebase_path(url, up)


def requirement_path(requirement: str) -> str:
    """Return the path that a PEP 508 requirement refers to; empty for another kind of origin."""
    match = _REFERENCE.fullmatch(requirement)
    url = match["url"].partition("#")[0] if match else ""
    if url.startswith("file:"):
        return url2pathname(url.removeprefix("file:").removeprefix("//"))
    return "" if "://" in url else url


def rebase_constraint(constraint: Any, up: PurePosixPath) -> Any:  # noqa: ANN401 - any TOML value
    """Return a constraint of `[tool.poetry]` (string, table or array) with its paths rebased."""
    if isinstance(constraint, list):
        return [rebase_constraint(item, up) for item in constraint]
    if not isinstance(constraint, Mapping):
        return constraint
    return {
        key: rebase_path(value, up) if key == "path" and isinstance(value, str) else value
        for key, value in constraint.items()
    }


def parsed_requirement(requirement: str) -> Requirement | None:
    """Return a PEP 508 requirement parsed, or None where it is not valid."""
    try:
        return Requirement(requirement)
    except InvalidRequirement:  # Poetry accepts it in its own dialect, or reports the error
        return None
