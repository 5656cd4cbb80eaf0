"""Locks compared: what changed in one, and where those of several stages differ and why."""

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
    """A package in two states of a lock; no version stands for none there."""

    name: NormalizedName
    before: tuple[Version, ...]
    after: tuple[Version, ...]


def changes(before: Versions, after: Versions) -> tuple[Change, ...]:
    """Return what was added, removed and updated, in the order of the names."""
    return tuple(
        Change(name, before.get(name, ()), after.get(name, ()))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def versions_by_name(packages: Iterable[LockedPackage]) -> Versions:
    """Return the versions of each package, ascending."""
    return group_versions((package.name, package.version) for package in packages)


@dataclass(frozen=True, slots=True)
class Divergence:
    """A package whose versions differ between stages: versions to stages, newest first."""

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
    """Tell whether no package has different versions in two stages."""
    first: dict[NormalizedName, tuple[Version, ...]] = {}
    return all(
        first.setdefault(name, found) == found
        for versions in stages
        for name, found in versions.items()
    )


def divergences(stages: Sequence[LockedStage]) -> tuple[Divergence, ...]:
    """Return where stages have different versions of a package, in the order of the names."""
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
