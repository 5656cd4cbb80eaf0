"""Locks compared: what changed in one, and where those of several stages differ and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model import LockedPackage, LockedStage

VersionsByName: TypeAlias = "Mapping[NormalizedName, tuple[Version, ...]]"


@dataclass(frozen=True, slots=True)
class Change:
    """A package in two states of a lock; no version stands for none there."""

    name: NormalizedName
    before: tuple[Version, ...]
    after: tuple[Version, ...]


def changes(before: VersionsByName, after: VersionsByName) -> tuple[Change, ...]:
    """Return what was added, removed and updated, in the order of the names."""
    return tuple(
        Change(name, before.get(name, ()), after.get(name, ()))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def versions_by_name(packages: Iterable[LockedPackage]) -> VersionsByName:
    """Return the versions of each package, ascending."""
    versions: dict[NormalizedName, set[Version]] = {}
    for package in packages:
        versions.setdefault(package.name, set()).add(package.version)
    return {name: tuple(sorted(found)) for name, found in versions.items()}


@dataclass(frozen=True, slots=True)
class Reason:
    """What keeps a stage from the newest version of a package that its siblings have."""

    stage: str
    text: str


@dataclass(frozen=True, slots=True)
class Divergence:
    """A package whose versions differ between stages: versions to stages, newest first."""

    name: NormalizedName
    versions: tuple[tuple[tuple[Version, ...], tuple[str, ...]], ...]
    reasons: tuple[Reason, ...]


def shared_names(stages: Iterable[VersionsByName]) -> frozenset[NormalizedName]:
    """Return the names of packages that at least two stages have."""
    counts: dict[NormalizedName, int] = {}
    for versions in stages:
        for name in versions:
            counts[name] = counts.get(name, 0) + 1
    return frozenset(name for name, count in counts.items() if count > 1)


def agree(stages: Iterable[VersionsByName]) -> bool:
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
            found.append(Divergence(name, pairs, tuple(_reasons(name, pairs[0][0][-1], stages))))
    return tuple(found)


def _reasons(
    name: NormalizedName, newest: Version, stages: Sequence[LockedStage]
) -> Iterator[Reason]:
    have = [s for s in stages if newest in versions_by_name(s.packages).get(name, ())]
    needed = next(_python_of(p) for p in have[0].packages if (p.name, p.version) == (name, newest))
    # Where a stage has the version for a part of its Pythons, others could too.
    python_decides = not any(_goes_below(stage, needed) for stage in have)
    for stage in stages:
        if stage in have or name not in versions_by_name(stage.packages):
            continue
        for text in _requirers(stage, name, newest):
            yield Reason(stage.stage.name, text)
        if python_decides and _goes_below(stage, needed):
            yield Reason(stage.stage.name, f"{name} {newest} requires Python {needed}")


def _requirers(stage: LockedStage, name: NormalizedName, newest: Version) -> Iterator[str]:
    for requirement in stage.requirements:
        if requirement.name == name and not requirement.allows(newest):
            yield f"pyproject.toml requires {requirement}"
    for package in stage.packages:
        for requirement in package.requires:
            if requirement.name == name and not requirement.allows(newest):
                yield f"{package.name} {package.version} requires {requirement}"


def _python_of(package: LockedPackage) -> SpecifierSet:
    return SpecifierSet(package.requires_python or "")


def _goes_below(stage: LockedStage, needed: SpecifierSet) -> bool:
    """Tell whether a stage's lowest Python is one that a package refuses."""
    own = SpecifierSet(stage.requires_python)
    bounds = [each.version for each in own if each.operator in (">=", "==", "~=")]
    lowest = min((Version(bound.removesuffix(".*")) for bound in bounds), default=None)
    return lowest is not None and not needed.contains(lowest, prereleases=True)
