"""The packages of a stage's lock as plain data, limited to the stage's targets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.bridge.lock.origins import package_origin
from poetry_fti.bridge.lock.requirements import locked_requirements, solved_requirements
from poetry_fti.bridge.markers import Narrowing, standard_marker
from poetry_fti.bridge.project.python_versions import python_specifiers
from poetry_fti.errors import FtiError
from poetry_fti.model import LockedFile, LockedPackage
from poetry_fti.reading import read_bytes
from poetry_fti.targets import fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.package import Package
    from poetry.packages.locker import Locker

    from poetry_fti.model import Stage, Targets


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
    for a package without any file that fits.
    """
    specifiers = SpecifierSet(python_specifiers(str(python)))
    found = []
    narrow = Narrowing(*_narrowing(stage, python), extras=False)
    for package, locked in _applying(locker, stage, narrow, root):
        files = _files(package)
        fitting = _fitting(package, files, stage, specifiers) if is_narrowed(stage) else files
        found.append(replace(locked, files=fitting))
    return tuple(sorted(found, key=lambda p: (p.name, p.version, str(p.marker))))


def read_compared(
    locker: Locker, stage: Stage, python: VersionConstraint, root: Path
) -> tuple[LockedPackage, ...]:
    """Return what `read_packages` does, without files, in the order of the lock."""
    narrow = _shared_narrowing(*_narrowing(stage, python))
    return tuple(locked for _, locked in _applying(locker, stage, narrow, root))


def _narrowing(stage: Stage, python: VersionConstraint) -> tuple[Targets, VersionConstraint | None]:
    return stage.targets, python if is_narrowed(stage) else None


@lru_cache(64)
def _shared_narrowing(targets: Targets, python: VersionConstraint | None) -> Narrowing:
    """Return what simplifies markers alike for several stages, in any order of their parts."""
    return Narrowing(targets, python, extras=False)


def _applying(
    locker: Locker, stage: Stage, narrow: Narrowing, root: Path
) -> Iterator[tuple[Package, LockedPackage]]:
    """Yield the packages of a lock that apply on a stage's targets, without files."""
    groups = {canonicalize_name("main"), *stage.closure}
    requires = locked_requirements(locker.lock_data["package"], narrow)
    for package, info in locker.locked_packages().items():
        marker = narrow(info.get_marker(groups))
        if not marker.is_empty():
            yield (
                package,
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


def _digests(package: Package) -> frozenset[str]:
    return frozenset(file["hash"] for file in package.files)


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
