"""Comparing locks: changes of one lock, and differences between stages."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from poetry_fti.agreement.origin_reasons import origin_reasons
from poetry_fti.agreement.places import are_alike, places
from poetry_fti.agreement.reasons import reasons
from poetry_fti.agreement.versions import equivalent, group_versions, locked_by_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.places import Places
    from poetry_fti.agreement.reasons import Reason
    from poetry_fti.agreement.versions import LockedVersions, Versions
    from poetry_fti.model import LockedPackage, LockedStage, LockedVersion


@dataclass(frozen=True, slots=True)
class Change:
    """What a lock has of a package before and after; an empty tuple if the lock lacks it."""

    name: NormalizedName
    before: tuple[LockedVersion, ...]
    after: tuple[LockedVersion, ...]


def changes(before: LockedVersions, after: LockedVersions) -> tuple[Change, ...]:
    """Return the packages that were added, removed or updated, sorted by name.

    A package is updated if its version or its origin differs.
    """
    return tuple(
        Change(name, before.get(name, ()), after.get(name, ()))
        for name in sorted(before.keys() | after.keys())
        if not are_alike(before.get(name, ()), after.get(name, ()))
    )


def versions_by_name(packages: Iterable[LockedPackage]) -> Versions:
    """Return the versions of each package in ascending order, by name."""
    return group_versions((package.name, package.version) for package in packages)


@dataclass(frozen=True, slots=True)
class Divergence:
    """A package whose versions or origins differ between stages; see `Places` for `versions`."""

    name: NormalizedName
    versions: Places
    reasons: tuple[Reason, ...]


def shared_names(stages: Iterable[Collection[NormalizedName]]) -> frozenset[NormalizedName]:
    """Return the names of packages that at least two stages have."""
    counts: dict[NormalizedName, int] = {}
    for versions in stages:
        for name in versions:
            counts[name] = counts.get(name, 0) + 1
    return frozenset(name for name, count in counts.items() if count > 1)


def agree(stages: Iterable[LockedVersions]) -> bool:
    """Return whether all stages that have a package have the same versions of the same origins."""
    found: dict[NormalizedName, set[tuple[LockedVersion, ...]]] = {}
    for locked in stages:
        for name, versions in locked.items():
            found.setdefault(name, set()).add(versions)
    return all(equivalent(*pair) for each in found.values() for pair in combinations(each, 2))


def divergences(stages: Sequence[LockedStage]) -> tuple[Divergence, ...]:
    """Return the packages whose versions or origins differ between stages, sorted by name."""
    by_stage = {stage.stage.name: locked_by_name(stage.packages) for stage in stages}
    found = {name: places(name, by_stage) for name in sorted(shared_names(by_stage.values()))}
    return tuple(
        Divergence(name, each, tuple(_reasons(name, each, stages)))
        for name, each in found.items()
        if not all(equivalent(one, other) for (one, _), (other, _) in combinations(each, 2))
    )


def _reasons(
    name: NormalizedName, found: Places, stages: Sequence[LockedStage]
) -> Iterator[Reason]:
    """Yield why stages do not have the newest version, then why its origins differ."""
    newest = found[0][0][-1]
    has_newest = {
        stage
        for versions, names in found
        if all(locked.public == newest.public for locked in versions)
        for stage in names
    }
    for reason in reasons(name, newest.version, stages):
        if reason.stage not in has_newest:
            yield reason
    yield from origin_reasons(name, [each for each in stages if each.stage.name in has_newest])
