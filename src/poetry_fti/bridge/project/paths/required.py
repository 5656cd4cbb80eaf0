"""The requirements of a derived project, as far as they concern packages at paths."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.rebase import parsed_requirement, requirement_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName


@dataclass(frozen=True, slots=True)
class Required:
    """A requirement; `path` is empty for a package that does not come from a path."""

    name: NormalizedName
    extras: frozenset[NormalizedName]
    constraint: str
    path: str


def has_paths(derived: Mapping[str, Any]) -> bool:
    """Return whether a derived project may require a path, found without parsing requirements."""
    return any("@" in text for text in _texts(derived)) or any(
        isinstance(table, Mapping) and "path" in table for _, table in _constraints(derived)
    )


def required(derived: Mapping[str, Any], folder: PurePosixPath) -> Iterator[Required]:
    """Yield the requirements of a derived project in a folder, whose paths are relative to it.

    The paths of the result are relative to what `folder` is relative to.
    """
    for text in _texts(derived):
        parsed = parsed_requirement(text)
        if parsed is not None:
            yield Required(
                canonicalize_name(parsed.name),
                frozenset(map(canonicalize_name, parsed.extras)),
                str(parsed.specifier) or "*",
                _joined(folder, requirement_path(text)),
            )
    for name, constraint in _constraints(derived):
        table = constraint if isinstance(constraint, Mapping) else {"version": constraint}
        yield Required(
            canonicalize_name(name),
            frozenset(map(canonicalize_name, table.get("extras", ()))),
            str(table.get("version", "*")),
            _joined(folder, table.get("path", "")),
        )


def _joined(folder: PurePosixPath, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path)) if path else ""


def _texts(derived: Mapping[str, Any]) -> Iterator[str]:
    yield from derived.get("project", {}).get("dependencies", ())
    for items in derived.get("dependency-groups", {}).values():
        yield from (item for item in items if isinstance(item, str))


def _constraints(derived: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    poetry = derived["tool"]["poetry"]
    groups = [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    tables = (poetry.get("dependencies", {}), poetry.get("dev-dependencies", {}), *groups)
    for table in tables:
        for name, constraint in table.items():
            for each in constraint if isinstance(constraint, list) else [constraint]:
                yield name, each
