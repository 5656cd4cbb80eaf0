"""Locks compared: what changed in one, and where those of several stages differ and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

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
    found = [(s, p) for s in stages for p in s.packages if (p.name, p.version) == (name, newest)]
    for stage in stages:
        versions = versions_by_name(stage.packages).get(name, ())
        if versions and versions != (newest,):
            for text in dict.fromkeys(_obstacles(stage, found)):
                yield Reason(stage.stage.name, text)


def _obstacles(
    stage: LockedStage, found: Sequence[tuple[LockedStage, LockedPackage]]
) -> Iterator[str]:
    """Yield what keeps a stage from having a version alone; `found` is where siblings have it."""
    sibling, package = found[0]
    texts = list(_requirers(stage, package.name, package.version))
    has_it = any(each is stage for each, _ in found)
    others = [each for each, _ in found if not has_it or _alone(each, package)]
    # Where a stage has the version for a part of its Pythons, others could too.
    if others and not any(_goes_below(each, package) for each in others):
        texts += _refused_pythons(stage, package)
    yield from texts or ([] if has_it else _conflicts(stage, package, sibling))


def _alone(stage: LockedStage, package: LockedPackage) -> bool:
    return versions_by_name(stage.packages)[package.name] == (package.version,)


def _requirers(
    stage: LockedStage,
    name: NormalizedName,
    version: Version,
    leaving: Collection[NormalizedName] = (),
) -> Iterator[str]:
    """Yield what forbids a version of a package; `leaving` would have other versions, too."""
    for requirement in stage.requirements:
        if requirement.name == name and not requirement.allows(version):
            yield f"pyproject.toml requires {requirement}"
    for package in stage.packages:
        for requirement in package.requires if package.name not in leaving else ():
            if requirement.name == name and not requirement.allows(version):
                yield f"{package.name} {package.version} requires {requirement}"


def _conflicts(stage: LockedStage, package: LockedPackage, sibling: LockedStage) -> Sequence[str]:
    """Return why a stage cannot have what a package takes along in a sibling, nearest first."""
    ways = [_Way(package)]
    for way in ways:  # they grow
        steps = list(_steps(way, stage, sibling))
        texts = [text for step in steps for text in _opposed(step, stage, sibling)]
        if texts:
            return texts
        known = {each.package.name for each in ways}
        ways += [step for step in steps if step.package.name not in known]
    return ()


@dataclass(frozen=True, slots=True)
class _Way:
    """How one package leads to another: what it requires, and what that requires, and so on."""

    package: LockedPackage
    names: tuple[NormalizedName, ...] = ()
    texts: tuple[str, ...] = ()


def _steps(way: _Way, stage: LockedStage, sibling: LockedStage) -> Iterator[_Way]:
    """Yield what a package requires and a sibling has, where the stage has nothing that fits."""
    versions = versions_by_name(stage.packages)
    package, names = way.package, (*way.names, way.package.name)
    for requirement in package.requires:
        if not any(requirement.allows(each) for each in versions.get(requirement.name, ())):
            text = f"{package.name} {package.version} requires {requirement}"
            for needed in sibling.packages:
                if needed.name == requirement.name and requirement.allows(needed.version):
                    yield _Way(needed, names, (*way.texts, text))


def _opposed(way: _Way, stage: LockedStage, sibling: LockedStage) -> Iterator[str]:
    package = way.package
    texts = list(_requirers(stage, package.name, package.version, way.names))
    if not _goes_below(sibling, package):
        texts += _refused_pythons(stage, package)
    for text in texts or _aged(stage, package):
        yield f"{', '.join(way.texts)}, and {text}"


def _aged(stage: LockedStage, package: LockedPackage) -> Iterator[str]:
    """Yield what would get older although the project itself asks for it: that is never done."""
    asked = any(requirement.name == package.name for requirement in stage.requirements)
    for version in versions_by_name(stage.packages).get(package.name, ()) if asked else ():
        if version > package.version:
            yield f"{package.name} {version} is kept, since pyproject.toml requires it"


def _refused_pythons(stage: LockedStage, package: LockedPackage) -> Iterator[str]:
    if _goes_below(stage, package):
        yield f"{package.name} {package.version} requires Python {_python_of(package)}"


def _python_of(package: LockedPackage) -> SpecifierSet:
    return SpecifierSet(package.requires_python or "")


def _goes_below(stage: LockedStage, package: LockedPackage) -> bool:
    """Tell whether a stage's lowest Python is one that a package refuses."""
    own = SpecifierSet(stage.requires_python)
    bounds = [each.version for each in own if each.operator in (">=", "==", "~=")]
    lowest = min((Version(bound.removesuffix(".*")) for bound in bounds), default=None)
    return lowest is not None and not _python_of(package).contains(lowest, prereleases=True)
