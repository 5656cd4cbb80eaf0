"""The packages at the paths that stages require, and at those that these require."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version, parse_constraint

from poetry_fti.bridge.project.derive import derive
from poetry_fti.bridge.project.paths.digests import PathDigests
from poetry_fti.bridge.project.paths.required import required
from poetry_fti.bridge.project.paths.static_metadata import read_static_metadata
from poetry_fti.bridge.project.pyproject import project_name, project_version
from poetry_fti.model.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.bridge.project.paths.required import Required
    from poetry_fti.bridge.project.paths.static_metadata import StaticMetadata


@dataclass(frozen=True, slots=True)
class _LocalPackage:
    """A package at a path, with what dependants install of it.

    `identity` is all of it that a lock depends on.
    """

    name: NormalizedName
    identity: Sequence[Any]
    requires: Sequence[Required]
    is_unseen: bool


class LocalPackages:
    """The packages of a project's path dependencies, whose files are read once for all stages."""

    def __init__(self, root: Path, pyproject: Mapping[str, Any]) -> None:
        """Expect the folder of a project, and the data of its pyproject.toml."""
        self._root = root
        self._name = canonicalize_name(project_name(pyproject))
        self._version = project_version(pyproject)
        self._files: dict[str, StaticMetadata | None] = {}

    def digests(self, derived: Mapping[str, Any], folder: PurePosixPath) -> PathDigests:
        """Return the path dependencies in a derived project; `folder` is that of the stage."""
        own = list(required(derived, folder))
        extras: dict[NormalizedName, set[NormalizedName]] = {}
        while True:
            found = self._reachable(own, extras)
            theirs = [each for package in found.values() for each in package.requires]
            known, extras = extras, _extras([*own, *theirs])
            if extras == known:
                break
        return PathDigests(
            {path: self._digest(package) for path, package in sorted(found.items())},
            {path: package.name for path, package in sorted(found.items()) if package.is_unseen},
            any(map(self._is_own, theirs)),
        )

    def _reachable(
        self, own: Iterable[Required], extras: Mapping[NormalizedName, Collection[NormalizedName]]
    ) -> dict[str, _LocalPackage]:
        found: dict[str, _LocalPackage] = {}
        waiting, visited = list(own), set()
        while waiting:
            required = waiting.pop()
            path = required.path and self._relative(required.path)
            if not path or path in visited:
                continue
            visited.add(path)
            package = self._package(path, required.name, sorted(extras.get(required.name, ())))
            if package is not None:
                found[path] = package
                waiting += package.requires
        return found

    def _relative(self, path: str) -> str:
        """Return a path relative to the root, also an absolute one; each package has one path."""
        try:
            return PurePath(os.path.relpath(Path(self._root, path), self._root)).as_posix()
        except ValueError:  # on another drive of Windows
            return path

    def _package(
        self, path: str, name: NormalizedName, extras: Sequence[NormalizedName]
    ) -> _LocalPackage | None:
        if path not in self._files:
            self._files[path] = read_static_metadata(Path(self._root, path))
        metadata = self._files[path]
        try:
            return _local_package(metadata, path, name, extras) if metadata else None
        except (AttributeError, KeyError, TypeError, ValueError):  # locking reports what is wrong
            return None

    def _is_own(self, required: Required) -> bool:
        return required.name == self._name and not required.path and required.constraint != "*"

    def _digest(self, package: _LocalPackage) -> str:
        allowed = [self._is_allowed(each) for each in package.requires if self._is_own(each)]
        text = json.dumps([*package.identity, *allowed], sort_keys=True, default=str)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def _is_allowed(self, required: Required) -> bool:
        try:
            return parse_constraint(required.constraint).allows(Version.parse(self._version))
        except ValueError:
            return False


def _local_package(
    metadata: StaticMetadata, path: str, name: NormalizedName, extras: Sequence[NormalizedName]
) -> _LocalPackage:
    # A package requires what a stage without groups, with the extras that are requested, has of it.
    stage = Stage(name=name, kind="inference", groups=(), closure=(), extras=tuple(extras))
    derived = derive(metadata.data, stage, PurePosixPath(path))
    project = derived.get("project", {})
    table = derived["tool"]["poetry"].get("dependencies", {})
    dynamic = {"dependencies", "optional-dependencies"} if extras else {"dependencies"}
    return _LocalPackage(
        name,
        [
            canonicalize_name(project_name(metadata.data)),
            project_version(metadata.data),
            project.get("requires-python", ""),
            sorted("".join(each.split()) for each in project.get("dependencies", ())),
            table,
            sorted(dynamic.intersection(metadata.dynamic)),
        ],
        tuple(required(derived, PurePosixPath())),
        not dynamic.isdisjoint(metadata.dynamic),
    )


def _extras(requirements: Iterable[Required]) -> dict[NormalizedName, set[NormalizedName]]:
    found: dict[NormalizedName, set[NormalizedName]] = {}
    for each in requirements:
        if each.extras:
            found.setdefault(each.name, set()).update(each.extras)
    return found
