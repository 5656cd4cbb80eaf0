"""What locks prefer: their versions as packages that a solve tries first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version
from poetry.core.packages.package import Package

from poetry_fti.agreement.versions import group_versions
from poetry_fti.bridge.lock.pins import read_pins
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.bridge.lock.locker import StageLocker
    from poetry_fti.bridge.lock.pins import Pin


def own_pins(locker: StageLocker) -> Sequence[Package]:
    """Return what a lock holds, with all that Poetry's solver asks of its own pins.

    The newest version of each package comes first, as Poetry itself prefers them.

    Raises FtiError where the lock contains requirements that cannot be read.
    """
    try:
        packages = list(locker.pinned_packages())
    except Exception as error:  # damaged text makes Poetry raise nearly anything
        reason = str(error).rstrip(".")
        message = f"{locker.lock.name} contains requirements that cannot be read: {reason}."
        raise FtiError(f"{message} Lock the stage from scratch with --regenerate.") from error
    return sorted(packages, key=lambda package: package.version, reverse=True)


def pins(locks: Iterable[Sequence[Pin]]) -> list[Package]:
    """Return what locks hold as preferences, the newest version of each package first.

    The order of the locks does not matter. What comes from no index is left out: the solver
    would take it without asking what it requires.
    """
    found = {pin for lock in locks for pin in lock if pin.source_type in (None, "legacy")}
    packages = [_package(pin) for pin in sorted(found, key=str)]
    return sorted(packages, key=lambda package: package.version, reverse=True)


def read(text: str) -> tuple[Pin, ...]:
    """Return what a lock holds, of one with merge markers what both sides hold.

    A text that is no lock holds nothing.
    """
    try:
        sides = read_pins(text)
    except ValueError:
        return ()
    return tuple({pin: None for side in sides for pin in side if _is_version(pin.version)})


def versions(lock: Iterable[Pin]) -> dict[NormalizedName, tuple[Version, ...]]:
    """Return the versions of each package in a lock, ascending."""
    return group_versions((pin.name, Version(pin.version)) for pin in lock)


def _is_version(text: str) -> bool:
    try:
        Version(text)
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
