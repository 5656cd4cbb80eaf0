"""Locks compared: what changed in one, and where those of several stages differ and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.model import LockedPackage, LockedStage


@dataclass(frozen=True, slots=True)
class Change:
    """A package in two states of a lock; no version stands for none there."""

    name: NormalizedName
    before: tuple[Version, ...]
    after: tuple[Version, ...]


def changes(before: Iterable[LockedPackage], after: Iterable[LockedPackage]) -> tuple[Change, ...]:
    """Return what was added, removed and updated, in the order of the names."""
    old, new = versions_by_name(before), versions_by_name(after)
    return tuple(
        Change(name, old.get(name, ()), new.get(name, ()))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def versions_by_name(
    packages: Iterable[LockedPackage],
) -> dict[NormalizedName, tuple[Version, ...]]:
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


def shared_names(stages: Sequence[LockedStage]) -> frozenset[NormalizedName]:
    """Return the names of packages that at least two stages have."""
    counts: dict[NormalizedName, int] = {}
    for stage in stages:
        for name in versions_by_name(stage.packages):
            counts[name] = counts.get(name, 0) + 1
    return frozenset(name for name, count in counts.items() if count > 1)


def divergences(stages: Sequence[LockedStage]) -> tuple[Divergence, ...]:
    """Return where stages have different versions of a package, in the order of the names."""
    by_stage = {stage.stage.name: versions_by_name(stage.packages) for stage in stages}
    found = []
    for name in sorted(shared_names(stages)):
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
    name: NormalizedName, newest: Version, stages: Iterable[LockedStage]
) -> Iterator[Reason]:
    candidate = next(p for s in stages for p in s.packages if (p.name, p.version) == (name, newest))
    for stage in stages:
        mine = versions_by_name(stage.packages).get(name)
        if mine is not None and newest not in mine:
            texts = [*_requirers(stage, name, newest), *_python(stage, candidate)]
            yield from (Reason(stage.stage.name, text) for text in texts)


def _requirers(stage: LockedStage, name: NormalizedName, newest: Version) -> Iterator[str]:
    for requirement in stage.requirements:
        if requirement.name == name and not requirement.allows(newest):
            yield f"pyproject.toml requires {requirement}"
    for package in stage.packages:
        for requirement in package.requires:
            if requirement.name == name and not requirement.allows(newest):
                yield f"{package.name} {package.version} requires {requirement}"


def _python(stage: LockedStage, candidate: LockedPackage) -> Iterator[str]:
    needed = SpecifierSet(candidate.requires_python or "")
    lowest = min(
        (
            s.version
            for s in SpecifierSet(stage.requires_python)
            if s.operator in (">=", "==", "~=")
        ),
        default=None,
    )
    if lowest is not None and not needed.contains(lowest.removesuffix(".*"), prereleases=True):
        yield f"{candidate.name} {candidate.version} requires Python {needed}"
