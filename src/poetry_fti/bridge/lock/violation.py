"""The constraint that a lock violates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry.core.constraints.version import Version, parse_constraint

from poetry_fti.bridge.markers import Narrowing, parsed_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.bridge.lock.locker import StageLocker
    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model.platforms import Targets


def violation(derived: DerivedStage, pins: Iterable[Pin], locker: Callable[[], StageLocker]) -> str:
    """Return what the lock of a stage has that a constraint excludes; empty for a lock that fits.

    `pins` are the versions in the lock. Its `locker`, which parses all of it, is only called for
    the markers of a version that a constraint with a marker may exclude.
    """
    by_name: dict[NormalizedName, list[Pin]] = {}
    for pin in pins:
        by_name.setdefault(pin.name, []).append(pin)
    narrowings = list(_narrowings(derived.stage.targets, derived.python))
    for constraint in derived.stage.constraints:
        versions, marker = parse_constraint(constraint.versions), parsed_marker(constraint.marker)
        for pin in by_name.get(constraint.name, ()):
            if versions.allows(Version.parse(pin.version)):
                continue
            if marker.is_any() or any(_overlaps(marker, pin, locker(), n) for n in narrowings):
                return f"it locks {pin.name} {pin.version}, but {constraint}"
    return ""


def _narrowings(targets: Targets, python: VersionConstraint) -> Iterator[Narrowing]:
    """Yield what simplifies markers for each platform, where different ones may mean the same."""
    for platform in targets.platforms:
        yield Narrowing(replace(targets, platforms=(platform,)), python)
    if not targets.platforms:
        yield Narrowing(targets, python)


def _overlaps(marker: BaseMarker, pin: Pin, locker: StageLocker, narrow: Narrowing) -> bool:
    """Return whether a locked version is installed somewhere where a marker is true."""
    narrowed = narrow(marker)
    return not narrowed.is_empty() and any(
        not narrow(own).intersect(narrowed).is_empty() for own in _markers(pin, locker)
    )


def _markers(pin: Pin, locker: StageLocker) -> Iterator[BaseMarker]:
    for package, info in locker.locked_packages().items():
        if (package.name, package.version.text) == (pin.name, pin.version):
            yield from info.markers.values()
