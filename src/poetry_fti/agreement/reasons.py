"""Why a stage does not have the version of a package that another stage has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model import LockedPackage, LockedStage

# All that a specifier of Pythons may tell apart, but for the bounds that it names itself.
_PYTHONS: Final = (*(Version(f"3.{minor}") for minor in range(40)), Version("4"))


@dataclass(frozen=True, slots=True)
class Reason:
    """What keeps a stage from the newest version of a package that its siblings have."""

    stage: str
    text: str


def reasons(
    name: NormalizedName, newest: Version, stages: Sequence[LockedStage]
) -> Iterator[Reason]:
    """Return what keeps each stage that has a package from having its newest version alone."""
    found = [(s, p) for s in stages for p in s.packages if (p.name, p.version) == (name, newest)]
    for stage in stages:
        if _versions(stage, name) - {newest}:
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
    if others and not any(_refuses(package, each) for each in others):
        texts += _refused_pythons(stage, package)
    yield from texts or ([] if has_it else _conflicts(stage, package, sibling))


def _alone(stage: LockedStage, package: LockedPackage) -> bool:
    return _versions(stage, package.name) == {package.version}


def _versions(stage: LockedStage, name: NormalizedName) -> set[Version]:
    return {package.version for package in stage.packages if package.name == name}


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
    package, names = way.package, (*way.names, way.package.name)
    for requirement in package.requires:
        if not any(requirement.allows(each) for each in _versions(stage, requirement.name)):
            text = f"{package.name} {package.version} requires {requirement}"
            for needed in sibling.packages:
                if needed.name == requirement.name and requirement.allows(needed.version):
                    yield _Way(needed, names, (*way.texts, text))


def _opposed(way: _Way, stage: LockedStage, sibling: LockedStage) -> Iterator[str]:
    package = way.package
    texts = list(_requirers(stage, package.name, package.version, way.names))
    if not _refuses(package, sibling):
        texts += _refused_pythons(stage, package)
    for text in texts:
        yield f"{', '.join(way.texts)}, and {text}"


def _refused_pythons(stage: LockedStage, package: LockedPackage) -> Iterator[str]:
    if _refuses(package, stage):
        yield f"{package.name} {package.version} requires Python {_python_of(package)}"


def _python_of(package: LockedPackage) -> SpecifierSet:
    return SpecifierSet(package.requires_python or "")


def _refuses(package: LockedPackage, stage: LockedStage) -> bool:
    """Tell whether a package refuses one of the Pythons that a stage may have."""
    own, needed = SpecifierSet(stage.requires_python), _python_of(package)
    bounds = {Version(each.version.removesuffix(".*")) for each in (*own, *needed)}
    pythons = own.filter(bounds.union(_PYTHONS), prereleases=True)
    return not all(needed.contains(python, prereleases=True) for python in pythons)
