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

    def may_change(self, name: NormalizedName, versions: tuple[Version, ...]) -> bool:
        """Tell whether others than these versions may be tried: they are no previous pins."""
        ...

    def solve(self, preferred: Mapping[NormalizedName, Version]) -> Versions:
        """Return the versions of each package when these are tried first."""
        ...


@dataclass(slots=True)
class Unit:
    """What has versions, and keeps those in `agreed`; without `solvable` it keeps them all."""

    solvable: Solvable | None
    versions: Versions
    agreed: dict[NormalizedName, Version] = field(default_factory=dict)

    def attempt(self, name: NormalizedName, version: Version) -> Versions | None:
        """Return the versions with which the unit has only this one, None if it cannot."""
        if self.versions[name] == (version,):
            return self.versions
        if name in self.agreed or self.solvable is None:
            return None
        if not self.solvable.may_change(name, self.versions[name]):
            return None
        wanted = {**self.agreed, name: version}
        found = self.solvable.solve(wanted)
        kept = all(found.get(each, (wish,)) == (wish,) for each, wish in wanted.items())
        return found if kept and name in found else None


def align(units: Sequence[Unit]) -> None:
    """Let units agree wherever they can; they come with the versions that each has on its own.

    For each package in which units differ the version that most of them can have wins, the
    higher one of two; those that cannot have it agree among themselves. Repeated until nothing
    changes: every step adds a version that is never given up, so this ends. The order of the
    units does not matter.
    """
    tried: set[tuple[NormalizedName, tuple[tuple[Version, ...] | None, ...]]] = set()
    changed = True
    while changed:
        changed = False
        for name in _divergent(units):
            state = (name, tuple(unit.versions.get(name) for unit in units))
            if state not in tried:
                tried.add(state)
                changed |= _agree(name, [unit for unit in units if name in unit.versions])


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
            moved |= versions is not unit.versions
            unit.versions = versions
            unit.agreed[name] = version
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
