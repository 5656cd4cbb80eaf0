"""Comparing locks: changes of one lock, and differences between stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.agreement.reasons import reasons
from poetry_fti.agreement.versions import group_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.reasons import Reason
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.model import LockedPackage, LockedStage


@dataclass(frozen=True, slots=True)
class Change:
    """The versions of a package before and after; an empty tuple if the lock lacks it."""

    name: NormalizedName
    before: tuple[Version, ...]
    after: tuple[Version, ...]


def changes(before: Versions, after: Versions) -> tuple[Change, ...]:
    """Return the packages that were added, removed or updated, sorted by name."""
    return tuple(
        Change(name, before.get(name, ()), after.get(name, ()))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def versions_by_name(packages: Iterable[LockedPackage]) -> Versions:
    """Return the versions of each package in ascending order, by name."""
    return group_versions((package.name, package.version) for package in packages)


@dataclass(frozen=True, slots=True)
class Divergence:
    """A package whose versions differ between stages.

    `versions` are pairs of versions and the names of the stages that have them, newest first.
    """

    name: NormalizedName
    versions: tuple[tuple[tuple[Version, ...], tuple[str, ...]], ...]
    reasons: tuple[Reason, ...]


def shared_names(stages: Iterable[Versions]) -> frozenset[NormalizedName]:
    """Return the names of packages that at least two stages have."""
    counts: dict[NormalizedName, int] = {}
    for versions in stages:
        for name in versions:
            counts[name] = counts.get(name, 0) + 1
    return frozenset(name for name, count in counts.items() if count > 1)


def agree(stages: Iterable[Versions]) -> bool:
    """Return whether all stages that have a package have the same versions of it."""
    first: dict[NormalizedName, tuple[Version, ...]] = {}
    return all(
        first.setdefault(name, found) == found
        for versions in stages
        for name, found in versions.items()
    )


def divergences(stages: Sequence[LockedStage]) -> tuple[Divergence, ...]:
    """Return the packages whose versions differ between stages, sorted by name."""
    by_stage = {stage.stage.name: versions_by_name(stage.packages) for stage in stages}
    found = []
    for name in sorted(shared_names(by_stage.values())):
        groups: dict[tuple[Version, ...], list[str]] = {}
        for stage, versions in by_stage.items():
            if name in versions:
                groups.setdefault(versions[name], []).append(stage)
        if len(groups) > 1:
            ordered = sorted(groups.items(), key=lambda item: item[0][::-1], reverse=True)
            pairs = tuple((versions, tuple(names)) for versions, names in ordered)
            found.append(Divergence(name, pairs, tuple(reasons(name, pairs[0][0][-1], stages))))
    return tuple(found)
