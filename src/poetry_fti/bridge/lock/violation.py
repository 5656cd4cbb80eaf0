"""The constraint that a lock violates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.constraints.version import Version, parse_constraint

from poetry_fti.bridge.markers import Narrowing, parsed_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from packaging.utils import NormalizedName
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.bridge.lock.locker import StageLocker
    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.bridge.project.derived_stage import DerivedStage


def violation(derived: DerivedStage, pins: Iterable[Pin], locker: Callable[[], StageLocker]) -> str:
    """Return what the lock of a stage has that a constraint excludes; empty for a lock that fits.

    `pins` are the versions in the lock. Its `locker`, which parses all of it, is only called for
    the markers of a version that a constraint for some of the stage's targets may exclude.
    """
    narrow = Narrowing(derived.stage.targets, derived.python)
    by_name: dict[NormalizedName, list[Pin]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, []).append(pin)
    for constraint in derived.stage.constraints:
        versions = parse_constraint(constraint.versions)
        for pin in by_name.get(constraint.name, ()):
            if versions.allows(Version.parse(pin.version)):
                continue
            marker = narrow(parsed_marker(constraint.marker))
            if marker.is_any() or (not marker.is_empty() and _overlaps(marker, pin, locker())):
                return f"it locks {pin.name} {pin.version}, but {constraint}"
    return ""


def _overlaps(marker: BaseMarker, pin: Pin, locker: StageLocker) -> bool:
    """Return whether a locked version is installed somewhere where a marker is true."""
    return any(not marker.intersect(own).is_empty() for own in _markers(pin, locker))


def _markers(pin: Pin, locker: StageLocker) -> Iterator[BaseMarker]:
    for package, info in locker.locked_packages().items():
        if (package.name, package.version.text) == (pin.name, pin.version):
            yield from info.markers.values()
