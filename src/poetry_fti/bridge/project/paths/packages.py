"""Path dependencies of a stage: digests of what they, and theirs, require."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from poetry_fti.bridge.project.paths.digests import PathDigests
from poetry_fti.bridge.project.paths.listed import has_paths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

    from poetry_fti.bridge.project.paths.local_packages import LocalPackages


class PathPackages:
    """The path dependencies of a project's stages; most projects have none."""

    def __init__(self, root: Path, pyproject: Mapping[str, Any]) -> None:
        """Expect the folder of a project, and the data of its pyproject.toml."""
        self._root = root
        self._pyproject = pyproject

    @cached_property
    def _packages(self) -> LocalPackages:
        from poetry_fti.bridge.project.paths.local_packages import (  # noqa: PLC0415 - rarely needed
            LocalPackages,
        )

        return LocalPackages(self._root, self._pyproject)

    def digests(self, derived: Mapping[str, Any], folder: PurePosixPath) -> PathDigests:
        """Return the path dependencies in a derived project; `folder` is that of the stage."""
        return self._packages.digests(derived, folder) if has_paths(derived) else PathDigests()
