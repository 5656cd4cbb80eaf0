"""What the locks of two stages show of why a version in one is impossible in the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from packaging.specifiers import SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model.lock import LockedPackage, LockedStage, Requirement
    from poetry_fti.model.stage import Stage


class Requiring(Protocol):
    """A locked stage with what it requires."""

    @property
    def stage(self) -> Stage:
        """The configuration of the stage."""

    @property
    def requirements(self) -> Sequence[Requirement]:
        """The stage's own requirements."""

    @property
    def packages(self) -> Sequence[LockedPackage]:
        """The packages of the lock, each with its requirements."""


# What has a requirement that replaces those of packages.
OVERRIDE: Final = "an override of tool.fti"
# Versions of Python that stand for all others, besides the bounds of the specifiers.
_PYTHONS: Final = (*(Version(f"3.{minor}") for minor in range(40)), Version("4"))


def versions_of(stage: LockedStage, name: NormalizedName) -> set[Version]:
    """Return the versions of a package in a stage's lock."""
    return {package.version for package in stage.packages if package.name == name}


def requirers(
    stage: Requiring,
    name: NormalizedName,
    version: Version,
    leaving: Collection[NormalizedName] = (),
) -> Iterator[str]:
    """Yield the requirements that exclude a version of a package.

    Those of packages in `leaving` are ignored, because their versions would change as well.
    """
    for requirement in stage.requirements:
        if requirement.name == name and not requirement.allows(version):
            yield f"pyproject.toml requires {requirement}"
    for constraint in stage.stage.constraints:
        if constraint.name == name and not constraint.marker and not constraint.allows(version):
            yield str(constraint)
    excluding = (
        requirement_text(stage.stage, package, requirement)
        for package in stage.packages
        for requirement in (package.requires if package.name not in leaving else ())
        if requirement.name == name and not requirement.allows(version)
    )
    yield from dict.fromkeys(excluding)


def requirement_text(stage: Stage, package: LockedPackage, requirement: Requirement) -> str:
    """Return a sentence on a requirement of a locked package, or on the override in its place."""
    if requirement.name in dict(stage.overrides):
        return f"{OVERRIDE} requires {requirement}"
    return f"{package.name} {package.version} requires {requirement}"


def conflicts(stage: LockedStage, package: LockedPackage, sibling: LockedStage) -> Sequence[str]:
    """Return why a stage cannot have the dependencies that a package has in a sibling.

    They are searched breadth first; the reasons nearest to the package are returned.
    """
    chains = [_Chain(package)]
    for chain in chains:  # grows while it is iterated over
        longer = list(_longer(chain, stage, sibling))
        texts = [text for each in longer for text in _excluding(each, stage, sibling)]
        if texts:
            return texts
        known = {each.package.name for each in chains}
        chains += [each for each in longer if each.package.name not in known]
    return ()


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain of requirements that ends at `package`: the names before it, and the texts."""

    package: LockedPackage
    names: tuple[NormalizedName, ...] = ()
    texts: tuple[str, ...] = ()


def _longer(chain: _Chain, stage: LockedStage, sibling: LockedStage) -> Iterator[_Chain]:
    """Yield the chain with each next requirement that the sibling meets and the stage does not."""
    package, names = chain.package, (*chain.names, chain.package.name)
    for requirement in package.requires:
        if not any(requirement.allows(each) for each in versions_of(stage, requirement.name)):
            text = requirement_text(sibling.stage, package, requirement)
            for needed in sibling.packages:
                if needed.name == requirement.name and requirement.allows(needed.version):
                    yield _Chain(needed, names, (*chain.texts, text))


def _excluding(chain: _Chain, stage: LockedStage, sibling: LockedStage) -> Iterator[str]:
    package = chain.package
    texts = list(requirers(stage, package.name, package.version, chain.names))
    texts += refused_pythons(stage, package, [sibling])
    for text in texts:
        yield f"{', '.join(chain.texts)}, and {text}"


def refused_pythons(
    stage: LockedStage, package: LockedPackage, others: Iterable[LockedStage]
) -> Sequence[str]:
    """Return that a package requires other Pythons, if it is so for a stage, but not for others."""
    if not _refuses(package, stage) or any(_refuses(package, each) for each in others):
        return ()
    return (f"{package.name} {package.version} requires Python {_python_of(package)}",)


def _python_of(package: LockedPackage) -> SpecifierSet:
    return SpecifierSet(package.requires_python or "")


def _refuses(package: LockedPackage, stage: LockedStage) -> bool:
    """Return whether a package excludes a Python version that the stage allows."""
    own, needed = SpecifierSet(stage.requires_python), _python_of(package)
    bounds = {Version(each.version.removesuffix(".*")) for each in (*own, *needed)}
    pythons = own.filter(bounds.union(_PYTHONS), prereleases=True)
    return not all(needed.contains(python, prereleases=True) for python in pythons)
