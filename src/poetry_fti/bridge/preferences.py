"""What locks prefer: their versions as packages that a solve tries first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version
from poetry.core.packages.package import Package

from poetry_fti.bridge.pins import read_pins
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.bridge.locker import StageLocker
    from poetry_fti.bridge.pins import Pin


def own_pins(locker: StageLocker) -> Sequence[Package]:
    """Return what a readable lock holds, with all that Poetry's solver asks of its own pins.

    Raises FtiError where the lock names requirements that cannot be read.
    """
    try:
        return locker.locked_repository().packages
    except Exception as error:  # damaged text makes Poetry raise nearly anything
        message = f"{locker.lock.name} names requirements that cannot be read: {error}."
        raise FtiError(f"{message} Solve the stage anew with --regenerate.") from error


def pins(texts: Iterable[str]) -> list[Package]:
    """Return what locks hold (both sides of a merge), the newest version of each first.

    A text that is no lock holds nothing. The order of the texts does not matter.
    """
    found = {pin for text in texts for side in _sides(text) for pin in side}
    packages = [_package(pin) for pin in sorted(found, key=str)]
    return sorted(packages, key=lambda package: package.version, reverse=True)


def versions(text: str) -> dict[NormalizedName, tuple[Version, ...]]:
    """Return the versions of each package in a lock, ascending."""
    found: dict[NormalizedName, set[Version]] = {}
    for side in _sides(text):
        for pin in side:
            found.setdefault(pin.name, set()).add(Version(pin.version))
    return {name: tuple(sorted(each)) for name, each in found.items()}


def _sides(text: str) -> tuple[tuple[Pin, ...], ...]:
    try:
        sides = read_pins(text)
    except ValueError:
        return ()
    return tuple(tuple(pin for pin in side if _is_version(pin.version)) for side in sides)


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
