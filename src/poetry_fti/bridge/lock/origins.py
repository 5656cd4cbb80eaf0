"""The origins of locked packages, out of Poetry's packages and out of pins."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.agreement.versions import group_locked
from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package

    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.model.origins import Origin


def package_origin(package: Package, root: Path) -> Origin:
    """Return where a package comes from; local paths become relative to the project's root."""
    return _origin(package, root, root, editable=package.develop)


def pinned_locked_versions(
    pins: Iterable[Pin], folder: Path, root: Path
) -> dict[NormalizedName, tuple[LockedVersion, ...]]:
    """Return the locked versions of each package in pins, ascending, by name.

    `folder` is the folder of the lock, which paths in the lock are relative to.
    """
    return group_locked(
        (pin.name, LockedVersion(pin.parsed_version, _origin(pin, folder, root), pin.digests))
        for pin in pins
    )


def _origin(source: Package | Pin, folder: Path, root: Path, *, editable: bool = False) -> Origin:
    url, subdirectory = source.source_url or "", source.source_subdirectory
    if source.source_type == "directory":
        return DirectoryOrigin(_relative(folder / url, root), editable=editable)
    if source.source_type == "file":
        return FileOrigin(_relative(folder / url, root), subdirectory)
    if source.source_type == "url":
        return UrlOrigin(url, subdirectory)
    if source.source_type == "git":
        commit = source.source_resolved_reference or ""
        return GitOrigin(url, commit, source.source_reference, subdirectory)
    return IndexOrigin(source.source_reference, source.source_url)


def _relative(path: Path, root: Path) -> PurePosixPath:
    return PurePosixPath(Path(os.path.relpath(path.resolve(), root.resolve())).as_posix())
