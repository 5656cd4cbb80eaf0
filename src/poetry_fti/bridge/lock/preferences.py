"""Pins of locks as the packages that the solver tries first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion
from poetry.core.packages.package import Package

from poetry_fti.agreement.versions import group_versions
from poetry_fti.bridge.lock.pins import parse_version, read_pins
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.lock.locker import StageLocker
    from poetry_fti.bridge.lock.pins import Pin


def own_pins(locker: StageLocker) -> Sequence[Package]:
    """Return the packages of a stage's own lock, complete enough to be Poetry's locked packages.

    The newest version of each package comes first, which is Poetry's own order. Raises FtiError
    where the lock contains requirements that cannot be read.
    """
    try:
        packages = list(locker.pinned_packages())
    except Exception as error:  # Poetry raises various types for damaged text
        reason = str(error).rstrip(".")
        message = f"{locker.lock.name} contains requirements that cannot be read: {reason}."
        raise FtiError(f"{message} Lock the stage from scratch with --regenerate.") from error
    return sorted(packages, key=lambda package: package.version, reverse=True)


def preferred_packages(locks: Iterable[Sequence[Pin]]) -> list[Package]:
    """Return the pins of other locks as packages, the newest version of each package first.

    The order of the locks does not matter. Packages from a URL, a path or a git repository are
    left out, because the solver would use them without looking up their requirements.
    """
    found = {pin for lock in locks for pin in lock if pin.source_type in (None, "legacy")}
    packages = [_package(pin) for pin in sorted(found, key=str)]
    return sorted(packages, key=lambda package: package.version, reverse=True)


def with_imported_versions(
    pins: Sequence[Package], versions: Iterable[tuple[NormalizedName, str]]
) -> Sequence[Package]:
    """Return the pins of a lock, and versions of other packages that another tool has locked.

    The newest version of each package comes first. Versions that are not valid are left out.
    """
    pinned = {pin.name for pin in pins}
    found = [
        Package(name, version)
        for name, version in versions
        if name not in pinned and _is_version(version)
    ]
    return [*pins, *sorted(found, key=lambda package: package.version, reverse=True)]


def from_known_indexes(pins: Iterable[Package], pool: RepositoryPool) -> list[Package]:
    """Return pins; those from an index that is not in the pool may be from any index.

    Poetry itself fails with a pin from a source that has been removed or renamed.
    """
    return [
        pin
        if pin.source_type != "legacy" or pool.has_repository(str(pin.source_reference))
        else Package(pin.name, pin.version)
        for pin in pins
    ]


def readable_pins(text: str) -> tuple[Pin, ...]:
    """Return the pins of a lock's text; with merge markers, those of both sides.

    Pins without a valid version are left out. A text that is not a lock gives an empty tuple.
    """
    try:
        sides = read_pins(text)
    except ValueError:
        return ()
    return tuple({pin: None for side in sides for pin in side if _is_version(pin.version)})


def pinned_versions(lock: Iterable[Pin]) -> dict[NormalizedName, tuple[Version, ...]]:
    """Return the versions of each package in pins, in ascending order, by name."""
    return group_versions((pin.name, pin.parsed_version) for pin in lock)


def _is_version(text: str) -> bool:
    try:
        parse_version(text)
    except InvalidVersion:
        return False
    return True


def _package(pin: Pin) -> Package:
    return Package(
        pin.name,
        pin.version,
        source_type=pin.source_type,
        source_url=pin.source_url,
        source_reference=pin.source_reference,
        source_resolved_reference=pin.source_resolved_reference,
        source_subdirectory=pin.source_subdirectory,
    )
