"""The packages of a stage's lock as plain data, limited to the stage's targets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.bridge.lock.dependencies.requirements import (
    locked_requirements,
    solved_requirements,
)
from poetry_fti.bridge.lock.installable_files import InstallableFiles, remedy
from poetry_fti.bridge.lock.origins import package_origin
from poetry_fti.bridge.markers import Narrowing, standard_marker
from poetry_fti.bridge.project.python_versions import python_specifiers
from poetry_fti.errors import FtiError
from poetry_fti.model.lock import LockedFile, LockedPackage
from poetry_fti.reading import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.package import Package
    from poetry.core.version.markers import BaseMarker
    from poetry.packages.locker import Locker

    from poetry_fti.bridge.solving.solution import SolvedPackages
    from poetry_fti.model.platforms import Targets
    from poetry_fti.model.stage import Stage


def lock_digest(lock: Path) -> str:
    """Return the digest (`sha256:…`) of a lock, independent of its line endings."""
    text = read_bytes(lock).replace(b"\r\n", b"\n")
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def read_packages(
    locker: Locker, stage: Stage, python: VersionConstraint, root: Path
) -> tuple[LockedPackage, ...]:
    """Return the packages that a stage's lock installs, sorted by name and version.

    `python` is the stage's constraint, `root` the project's folder, to which local paths become
    relative. Packages and files that fit none of the stage's targets are left out. Raises FtiError
    for a package without any file for one of them.
    """
    fitting = installable_files(stage, python)
    found = []
    narrow = Narrowing(*_narrowing(stage, python), extras=False)
    for package, marker, locked in _applying(locker, stage, narrow, root):
        if fitting is not None and (fault := fitting.fault_where(package, [marker])):
            what = f"{stage.name}: {package.pretty_name} {package.version}"
            raise FtiError(f"{what} {fault}. {remedy(fitting.helpful(package))}")
        files = (f for f in _files(package) if fitting is None or fitting.where.fits(f.name))
        found.append(replace(locked, files=tuple(files)))
    return tuple(sorted(found, key=lambda p: (p.name, p.version, str(p.marker))))


def _narrowing(stage: Stage, python: VersionConstraint) -> tuple[Targets, VersionConstraint | None]:
    return stage.targets, python if is_narrowed(stage) else None


def _applying(
    locker: Locker, stage: Stage, narrow: Narrowing, root: Path
) -> Iterator[tuple[Package, BaseMarker, LockedPackage]]:
    """Yield the packages of a lock that apply on a stage's targets, without files."""
    groups = {canonicalize_name("main"), *stage.closure}
    requires = locked_requirements(locker.lock_data["package"], narrow)
    for package, info in locker.locked_packages().items():
        marker = narrow(info.get_marker(groups))
        if not marker.is_empty():
            yield (
                package,
                marker,
                LockedPackage(
                    name=package.name,
                    version=Version(package.version.text),
                    origin=package_origin(package, root),
                    marker=standard_marker(marker),
                    requires_python=python_specifiers(package.python_versions) or None,
                    requires=requires.get((package.name, package.version.text), ()),
                    digests=_digests(package),
                ),
            )


@dataclass(frozen=True, slots=True)
class SolvedLock:
    """The text of a newly solved lock, and its packages as returned by `comparable_packages`."""

    text: str
    packages: tuple[LockedPackage, ...]


def comparable_packages(
    packages: Iterable[Package], stage: Stage, python: VersionConstraint, root: Path
) -> tuple[LockedPackage, ...]:
    """Return solved packages for comparing stages: sorted, without files and markers.

    Local paths become relative to `root`, the project's folder. Requirements that do not apply on
    the stage's targets are left out.
    """
    narrow = Narrowing(stage.targets, python if is_narrowed(stage) else None, extras=False)
    return tuple(
        LockedPackage(
            name=package.name,
            version=Version(package.version.text),
            origin=package_origin(package, root),
            requires_python=python_specifiers(package.python_versions) or None,
            requires=solved_requirements(package, narrow),
            digests=_digests(package),
        )
        for package in sorted(packages, key=lambda each: (each.name, each.version))
    )


def installable_files(stage: Stage, python: VersionConstraint) -> InstallableFiles | None:
    """Return the files of which a stage needs one for each package; None if it needs none."""
    if not is_narrowed(stage):
        return None
    specifiers = SpecifierSet(python_specifiers(str(python)))
    return InstallableFiles(stage.targets, specifiers, builds=not stage.no_build)


def require_files(packages: SolvedPackages, stage: Stage, python: VersionConstraint) -> None:
    """Raise FtiError for a package without any file for one of the stage's targets."""
    files = installable_files(stage, python)
    if files is not None and (fault := files.first_fault(packages)):
        raise FtiError(fault)


def is_narrowed(stage: Stage) -> bool:
    """Return whether a stage limits the project's Python or platforms."""
    return stage.python is not None or bool(stage.targets.platforms)


def _digests(package: Package) -> frozenset[str]:
    return frozenset(file["hash"] for file in package.files)


def _files(package: Package) -> tuple[LockedFile, ...]:
    return tuple(LockedFile(name=f["file"], digest=f["hash"]) for f in package.files)
