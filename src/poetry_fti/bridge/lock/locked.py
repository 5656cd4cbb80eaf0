"""The packages of a stage's lock as plain data, limited to the stage's targets."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.bridge.lock.requirements import locked_requirements, solved_requirements
from poetry_fti.bridge.markers import Narrowing, standard_marker
from poetry_fti.bridge.project.python_versions import python_specifiers
from poetry_fti.errors import FtiError
from poetry_fti.model import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    LockedFile,
    LockedPackage,
    UrlOrigin,
)
from poetry_fti.targets import fits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.package import Package
    from poetry.packages.locker import Locker

    from poetry_fti.model import Origin, Stage


def lock_digest(lock: Path) -> str:
    """Return the digest (`sha256:…`) of a lock, independent of its line endings."""
    text = lock.read_bytes().replace(b"\r\n", b"\n")
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def read_packages(
    locker: Locker, stage: Stage, python: VersionConstraint, root: Path
) -> tuple[LockedPackage, ...]:
    """Return the packages that a stage's lock installs, sorted by name and version.

    `python` is the stage's constraint, `root` the project's folder, to which local paths become
    relative. Packages and files that fit none of the stage's targets are left out. Raises FtiError
    for a package without any file that fits.
    """
    narrowed = is_narrowed(stage)
    narrow = Narrowing(stage.targets, python if narrowed else None, stage.extras)
    groups = {canonicalize_name("main"), *stage.closure}
    requires = locked_requirements(locker.lock_data["package"], narrow)
    specifiers = SpecifierSet(python_specifiers(str(python)))
    packages = []
    for package, info in locker.locked_packages().items():
        marker = narrow(info.get_marker(groups))
        if marker.is_empty():
            continue
        files = _files(package)
        packages.append(
            LockedPackage(
                name=package.name,
                version=Version(package.version.text),
                origin=_origin(package, root),
                marker=standard_marker(marker),
                requires_python=python_specifiers(package.python_versions) or None,
                files=_fitting(package, files, stage, specifiers) if narrowed else files,
                requires=requires.get((package.name, package.version.text), ()),
            )
        )
    return tuple(sorted(packages, key=lambda p: (p.name, p.version, str(p.marker))))


@dataclass(frozen=True, slots=True)
class SolvedLock:
    """The text of a newly solved lock, and its packages as returned by `comparable_packages`."""

    text: str
    packages: tuple[LockedPackage, ...]


def comparable_packages(
    packages: Iterable[Package], stage: Stage, python: VersionConstraint
) -> tuple[LockedPackage, ...]:
    """Return solved packages for comparing stages: without origins, files and markers.

    Requirements that do not apply on the stage's targets are left out.
    """
    narrow = Narrowing(stage.targets, python if is_narrowed(stage) else None, stage.extras)
    return tuple(
        LockedPackage(
            name=package.name,
            version=Version(package.version.text),
            requires_python=python_specifiers(package.python_versions) or None,
            requires=solved_requirements(package, narrow),
        )
        for package in packages
    )


def require_files(packages: Iterable[Package], stage: Stage, python: VersionConstraint) -> None:
    """Raise FtiError for a package without any file that fits the stage's targets."""
    if not is_narrowed(stage):
        return
    specifiers = SpecifierSet(python_specifiers(str(python)))
    for package in packages:
        if not any(fits(file["file"], stage.targets, specifiers) for file in package.files):
            _fitting(package, _files(package), stage, specifiers)


def is_narrowed(stage: Stage) -> bool:
    """Return whether a stage limits the project's Python or platforms."""
    return stage.python is not None or bool(stage.targets.platforms)


def _files(package: Package) -> tuple[LockedFile, ...]:
    return tuple(LockedFile(name=f["file"], digest=f["hash"]) for f in package.files)


def _fitting(
    package: Package, files: tuple[LockedFile, ...], stage: Stage, specifiers: SpecifierSet
) -> tuple[LockedFile, ...]:
    fitting = tuple(file for file in files if fits(file.name, stage.targets, specifiers))
    if files and not fitting:
        where = ", ".join(map(str, stage.targets.platforms)) or "any platform"
        message = (
            f"{package.pretty_name} {package.version} has no file that fits the stage"
            f' "{stage.name}" ({where}, Python {specifiers or "of any version"}).'
            " Choose another version, or change the stage's `platforms`, `libc` or `python`."
        )
        raise FtiError(message)
    return fitting


def _origin(package: Package, root: Path) -> Origin:
    url, subdirectory = package.source_url or "", package.source_subdirectory
    if package.source_type == "directory":
        return DirectoryOrigin(_relative(url, root), editable=package.develop)
    if package.source_type == "file":
        return FileOrigin(_relative(url, root), subdirectory)
    if package.source_type == "url":
        return UrlOrigin(url, subdirectory)
    if package.source_type == "git":
        commit = package.source_resolved_reference or ""
        return GitOrigin(url, commit, package.source_reference, subdirectory)
    return IndexOrigin(package.source_reference, package.source_url)


def _relative(path: str, root: Path) -> PurePosixPath:
    return PurePosixPath(Path(os.path.relpath(path, root.resolve())).as_posix())
