"""The requirements of a derived project, as far as they concern packages at paths."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.paths.listed import constraints, requirement_texts
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


def required(derived: Mapping[str, Any], folder: PurePosixPath) -> Iterator[Required]:
    """Yield the requirements of a derived project in a folder, whose paths are relative to it.

    The paths of the result are relative to what `folder` is relative to.
    """
    for text in requirement_texts(derived):
        parsed = parsed_requirement(text)
        if parsed is not None:
            yield Required(
                canonicalize_name(parsed.name),
                frozenset(map(canonicalize_name, parsed.extras)),
                str(parsed.specifier) or "*",
                _joined(folder, requirement_path(text)),
            )
    for name, constraint in constraints(derived):
        table = constraint if isinstance(constraint, Mapping) else {"version": constraint}
        yield Required(
            canonicalize_name(name),
            frozenset(map(canonicalize_name, table.get("extras", ()))),
            str(table.get("version", "*")),
            _joined(folder, table.get("path", "")),
        )


def _joined(folder: PurePosixPath, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path)) if path else ""
