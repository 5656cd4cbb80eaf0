"""Reasons why a stage cannot have the version of a package that another stage has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.agreement.deductions import conflicts, refused_pythons, requirers, versions_of
from poetry_fti.wording import joined, named_stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.model.lock import LockedPackage, LockedStage


@dataclass(frozen=True, slots=True)
class Reason:
    """What forbids a stage the newest version that other stages have.

    A reason that is not certain has been deduced from the locks, and the solver may know better.
    """

    stage: str
    text: str
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a stage does not have a version of a package, as solving has shown.

    `text` is empty if nothing does. `is_closable` is true if an update of the package removes the
    difference.
    """

    stage: str
    package: NormalizedName
    version: Version
    text: str = ""
    is_closable: bool = False


def reasons(
    name: NormalizedName,
    newest: Version,
    stages: Sequence[LockedStage],
    texts: Mapping[str, str],
) -> Iterator[Reason]:
    """Yield the reasons why stages do not have the newest version of a package alone.

    Stages without the package are left out. `texts` by stage are those of `Explanation`.
    """
    found = [(s, p) for s in stages for p in s.packages if (p.name, p.version) == (name, newest)]
    for stage in stages:
        if versions_of(stage, name) - {newest}:
            yield from _reasons(stage, found, texts)


def _reasons(
    stage: LockedStage,
    found: Sequence[tuple[LockedStage, LockedPackage]],
    texts: Mapping[str, str],
) -> Iterator[Reason]:
    own = stage.stage.name
    certain = dict.fromkeys(_certain(stage, found))
    if certain:
        yield from (Reason(own, text) for text in certain)
    elif own in texts:
        yield from (Reason(own, text) for text in [texts[own]] if text)
    else:
        deduced = dict.fromkeys(_deduced(stage, found))
        yield from (Reason(own, text, is_certain=False) for text in deduced)


def _certain(
    stage: LockedStage, found: Sequence[tuple[LockedStage, LockedPackage]]
) -> Iterator[str]:
    """Yield what excludes a version from a stage, whatever else changes in its lock.

    `found` are the stages that have that version, each with its package.
    """
    package = found[0][1]
    yield from requirers(stage, package.name, package.version)
    siblings = [each for each, _ in found]
    if any(each is stage for each in siblings):
        return
    own, others = (_sources(each, package.name) for each in (stage, siblings[0]))
    if own and others and "" not in own + others and set(own).isdisjoint(others):
        yield source_text(stage, siblings, package.name)
    is_stable = not any(each.is_prerelease for each in versions_of(stage, package.name))
    if is_stable and not _allows_prereleases(stage, package):
        allowing = [each.stage.name for each in siblings if _allows_prereleases(each, package)]
        yield (
            f"only {named_stages(allowing)} {'allow' if allowing[1:] else 'allows'} pre-releases of"
            f" {package.name}"
            if allowing
            else f"{package.name} {package.version} is a pre-release"
        )


def _deduced(
    stage: LockedStage, found: Sequence[tuple[LockedStage, LockedPackage]]
) -> Iterator[str]:
    sibling, package = found[0]
    versions = versions_of(stage, package.name)
    has_it = package.version in versions
    others = [
        each
        for each, _ in found
        if not has_it or versions_of(each, package.name) == {package.version}
    ]
    # If another stage has the version on a part of its Pythons, this one could as well.
    is_alone = all(versions_of(each, package.name) == versions for each, _ in found)
    pythons = refused_pythons(stage, package, others) if others or is_alone else ()
    yield from pythons or ([] if has_it else conflicts(stage, package, sibling))


def source_text(stage: LockedStage, siblings: Sequence[LockedStage], name: NormalizedName) -> str:
    """Return which sources a stage and its siblings take a package from; empty for the same."""
    own = _sources(stage, name)
    others = {each.stage.name: _sources(each, name) for each in siblings}
    source = next(iter(others.values()), own)
    if set(source) == set(own):
        return ""
    where = named_stages([each for each, found in others.items() if found == source])
    if not own:
        return f"pyproject.toml takes it from the source {_quoted(source)} only in {where}"
    text = f"pyproject.toml takes it from the source {_quoted(own)}"
    return f"{text}, and in {where} from {_quoted(source)}" if source else text


def _sources(stage: LockedStage, name: NormalizedName) -> list[str]:
    """Return the sources that pyproject.toml names for a package; empty if it names none."""
    own = [each.source for each in stage.requirements if each.name == name]
    return sorted(set(own)) if any(own) else []


def _quoted(sources: Sequence[str]) -> str:
    return joined(f'"{source}"' for source in sources if source)


def _allows_prereleases(stage: LockedStage, package: LockedPackage) -> bool:
    """Return whether a package is no pre-release, or one that pyproject.toml allows a stage."""
    own = [each for each in stage.requirements if each.name == package.name]
    return not package.version.is_prerelease or any(each.prereleases for each in own)
