"""Align, then diverge: the same version in every stage that can have it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

_TOGETHER: Final = 2

# A lock may hold several versions of a package, each for its own part of the targets.
Versions: TypeAlias = "Mapping[NormalizedName, tuple[Version, ...]]"


class Solvable(Protocol):
    """What is solved on its own: a stage, or a stage on one operating system."""

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        """Return the versions of each package when all in `wanted` can be had, else None.

        `name` is the one of them that the unit has another version of so far.
        """
        ...


@dataclass(slots=True)
class Unit:
    """What has versions, and keeps those in `agreed`; without `solvable` it keeps them all.

    `preferred` is what has led to its versions: nothing, as long as it is as it was on its own.
    """

    solvable: Solvable | None
    versions: Versions
    agreed: dict[NormalizedName, Version] = field(default_factory=dict)
    preferred: Mapping[NormalizedName, Version] = field(default_factory=dict)

    def attempt(self, name: NormalizedName, version: Version) -> Versions | None:
        """Return the versions with which the unit has only this one, None if it cannot."""
        if self.versions[name] == (version,):
            return self.versions
        if name in self.agreed or self.solvable is None:
            return None
        return self.solvable.attempt(name, {**self.agreed, name: version})

    def accept(self, name: NormalizedName, version: Version, versions: Versions) -> bool:
        """Agree to a version; tell whether that changed anything."""
        moved = self.versions[name] != (version,)
        self.agreed[name] = version
        if moved:
            self.versions, self.preferred = versions, dict(self.agreed)
        return moved


def align(units: Sequence[Unit]) -> None:
    """Let units agree wherever they can; they come with the versions that each has on its own.

    For each package in which units differ the version that most of them can have wins, the
    higher one of two; those that cannot have it agree among themselves. Repeated until nothing
    changes: every step adds a version that is never given up, so this ends. The order of the
    units does not matter.
    """
    tried: set[tuple[NormalizedName, tuple[object, ...]]] = set()
    changed = True
    while changed:
        changed = False
        for name in _divergent(units):
            state = tuple(_state(unit, name) for unit in units)
            if (name, state) not in tried:
                tried.add((name, state))
                changed |= _agree(name, [unit for unit in units if name in unit.versions])


def _state(unit: Unit, name: NormalizedName) -> object:
    """Return what decides on what a unit can have: also what has moved so far."""
    return name in unit.versions and (unit.versions[name], frozenset(unit.preferred.items()))


def _divergent(units: Sequence[Unit]) -> list[NormalizedName]:
    found: dict[NormalizedName, set[tuple[Version, ...]]] = {}
    for unit in units:
        for name, versions in unit.versions.items():
            found.setdefault(name, set()).add(versions)
    return sorted(name for name, versions in found.items() if len(versions) > 1)


def _agree(name: NormalizedName, units: Collection[Unit]) -> bool:
    """Let as many units as possible have the same version, then the others; tell if any moved."""
    moved = False
    remaining = list(units)
    while len(remaining) > 1:
        version, accepting = _best(name, remaining)
        if len(accepting) < _TOGETHER:
            break
        for unit, versions in accepting:
            moved |= unit.accept(name, version, versions)
        done = {id(unit) for unit, _ in accepting}
        remaining = [unit for unit in remaining if id(unit) not in done]
    return moved


def _best(
    name: NormalizedName, units: Sequence[Unit]
) -> tuple[Version, list[tuple[Unit, Versions]]]:
    return max(_choices(name, units), key=lambda choice: (len(choice[1]), choice[0]))


def _choices(
    name: NormalizedName, units: Sequence[Unit]
) -> Iterator[tuple[Version, list[tuple[Unit, Versions]]]]:
    for version in sorted({v for unit in units for v in unit.versions[name]}, reverse=True):
        attempts = [(unit, unit.attempt(name, version)) for unit in units]
        accepting = [(unit, found) for unit, found in attempts if found is not None]
        yield version, accepting
        if len(accepting) == len(units):  # no lower version can do better
            return
