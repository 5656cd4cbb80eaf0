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

    from poetry_fti.agreement.reasons import Explanation, Reason
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
    `closable` are the stages whose difference an update of the package removes, as solving has
    shown.
    """

    name: NormalizedName
    versions: tuple[tuple[tuple[Version, ...], tuple[str, ...]], ...]
    reasons: tuple[Reason, ...]
    closable: tuple[str, ...] = ()

    @property
    def newest(self) -> Version:
        """The newest version that a stage has."""
        return self.versions[0][0][-1]

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages that have the package."""
        return tuple(stage for _, stages in self.versions for stage in stages)

    @property
    def behind(self) -> tuple[str, ...]:
        """The names of the stages that do not have the newest version alone."""
        return tuple(
            s for found, stages in self.versions if found != (self.newest,) for s in stages
        )

    @property
    def unexplained(self) -> tuple[str, ...]:
        """The names of the stages behind for which neither a reason nor a remedy is known.

        One stage that has a reason explains those that have the same version: they agree with it.
        """
        known = {reason.stage for reason in self.reasons}.union(self.closable)
        return tuple(stage for group in self._without(known) for stage in group)

    @property
    def uncertain(self) -> tuple[tuple[str, ...], ...]:
        """The groups of stages behind with the same versions that no certain reason explains."""
        return self._without({reason.stage for reason in self.reasons if reason.is_certain})

    def _without(self, known: set[str]) -> tuple[tuple[str, ...], ...]:
        return tuple(
            stages
            for found, stages in self.versions
            if found != (self.newest,) and known.isdisjoint(stages)
        )


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


def divergences(
    stages: Sequence[LockedStage], explanations: Sequence[Explanation] = ()
) -> tuple[Divergence, ...]:
    """Return the packages whose versions differ between stages, sorted by name.

    `explanations` replace the reasons that are deduced from the locks.
    """
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
            found.append(_divergence(name, pairs, stages, explanations))
    return tuple(found)


def _divergence(
    name: NormalizedName,
    versions: tuple[tuple[tuple[Version, ...], tuple[str, ...]], ...],
    stages: Sequence[LockedStage],
    explanations: Sequence[Explanation],
) -> Divergence:
    newest = versions[0][0][-1]
    own = [each for each in explanations if (each.package, each.version) == (name, newest)]
    found = tuple(reasons(name, newest, stages, {each.stage: each.text for each in own}))
    closable = tuple(each.stage for each in own if each.is_closable)
    return Divergence(name, versions, found, closable)
