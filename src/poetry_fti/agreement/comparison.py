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
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.places import Places
    from poetry_fti.agreement.reasons import Explanation, Reason
    from poetry_fti.agreement.versions import LockedVersions, Versions
    from poetry_fti.model.lock import LockedPackage, LockedStage
    from poetry_fti.model.locked_version import LockedVersion


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
    """A package whose versions or origins differ between stages; see `Places` for `versions`.

    `closable` are the stages whose difference an update of the package removes, as solving has
    shown.
    """

    name: NormalizedName
    versions: Places
    reasons: tuple[Reason, ...]
    closable: tuple[str, ...] = ()

    @property
    def newest(self) -> Version:
        """The newest version that a stage has."""
        return self.versions[0][0][-1].version

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages that have the package."""
        return tuple(stage for _, stages in self.versions for stage in stages)

    @property
    def behind(self) -> tuple[str, ...]:
        """The names of the stages that do not have the newest version alone."""
        return tuple(stage for group in self._without(set()) for stage in group)

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
        newest = self.versions[0][0][-1].public
        return tuple(
            stages
            for found, stages in self.versions
            if any(locked.public != newest for locked in found) and known.isdisjoint(stages)
        )


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


def divergences(
    stages: Sequence[LockedStage], explanations: Sequence[Explanation] = ()
) -> tuple[Divergence, ...]:
    """Return the packages whose versions or origins differ between stages, sorted by name.

    `explanations` replace the reasons that are deduced from the locks.
    """
    by_stage = {stage.stage.name: locked_by_name(stage.packages) for stage in stages}
    names = [name for name in shared_names(by_stage.values()) if not _is_one(name, by_stage)]
    found = {name: places(name, by_stage) for name in sorted(names)}
    return tuple(
        _divergence(name, each, stages, explanations)
        for name, each in found.items()
        if not all(equivalent(one, other) for (one, _), (other, _) in combinations(each, 2))
    )


def _is_one(name: NormalizedName, stages: Mapping[str, LockedVersions]) -> bool:
    """Return whether all stages that have a package have the very same of it, as most do."""
    first, *others = (found[name] for found in stages.values() if name in found)
    return all(other == first for other in others)


def _divergence(
    name: NormalizedName,
    found: Places,
    stages: Sequence[LockedStage],
    explanations: Sequence[Explanation],
) -> Divergence:
    newest = found[0][0][-1].version
    own = [each for each in explanations if (each.package, each.version) == (name, newest)]
    texts = {each.stage: each.text for each in own}
    closable = tuple(each.stage for each in own if each.is_closable)
    return Divergence(name, found, tuple(_reasons(name, found, stages, texts)), closable)


def _reasons(
    name: NormalizedName,
    found: Places,
    stages: Sequence[LockedStage],
    texts: Mapping[str, str],
) -> Iterator[Reason]:
    """Yield why stages do not have the newest version, then why its origins differ."""
    newest = found[0][0][-1]
    has_newest = {
        stage
        for versions, names in found
        if all(locked.public == newest.public for locked in versions)
        for stage in names
    }
    for reason in reasons(name, newest.version, stages, texts):
        if reason.stage not in has_newest:
            yield reason
    yield from origin_reasons(name, [each for each in stages if each.stage.name in has_newest])
