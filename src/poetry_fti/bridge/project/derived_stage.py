"""A stage with its derived project, as data and as Poetry's root package."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from poetry_fti.bridge.project.derive import derive, with_version
from poetry_fti.bridge.project.derived_package import derived_package
from poetry_fti.bridge.project.pyproject import project_version
from poetry_fti.bridge.project.python_versions import derived_python, python_specifiers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.bridge.project.paths.digests import PathDigests
    from poetry_fti.bridge.project.paths.packages import PathPackages
    from poetry_fti.model.stage import Stage


@dataclass(frozen=True, slots=True)
class DerivedStage:
    """A stage, and the derived project `data` in its `folder`, which is relative to `root`.

    `version` is that of the project itself, and `paths` are the path dependencies of the stage.
    """

    stage: Stage
    root: Path
    folder: PurePosixPath
    data: dict[str, Any]
    version: str
    paths: PathDigests

    @property
    def lock(self) -> Path:
        """The absolute path of the stage's lock."""
        return self.root / self.folder / "poetry.lock"

    @property
    def python(self) -> VersionConstraint:
        """The versions of Python that the stage allows."""
        return derived_python(self.data)

    @property
    def requires_python(self) -> str:
        """The versions of Python that the stage allows, as PEP 440 specifiers; empty for any."""
        return python_specifiers(str(self.python))

    def package(self) -> ProjectPackage:
        """Return a new root package to be solved; raises ConfigError if Poetry cannot read it."""
        return derived_package(self.data, self.lock.parent, self.version)


def derived_stage(
    pyproject: Mapping[str, Any],
    stage: Stage,
    root: Path,
    directory: PurePosixPath,
    packages: PathPackages,
) -> DerivedStage:
    """Derive the project of a stage in its folder below `directory`, a path relative to `root`.

    `packages` are those of the project's path dependencies.
    """
    folder = directory / stage.name
    up = PurePosixPath(posixpath.relpath(".", folder))
    data, version = derive(pyproject, stage, up), project_version(pyproject)
    paths = packages.digests(data, folder)
    if paths.on_project:
        data = with_version(data, version)
    return DerivedStage(stage, root, folder, data, version, paths)
