"""Packages that a stage has in an older version than it would have without other stages."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from poetry_fti.agreement.deductions import requirers, versions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.rule import Rule


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A package that agreement holds back: its version, and the `newer` one without agreement.

    `siblings` are the stages that have the version without regard to others. If only the stage
    itself has it, for some of its Pythons, they are those that agree on it. `is_demanded` is true
    if a rule of the project binds the package in the stage.
    """

    package: NormalizedName
    version: Version
    newer: Version
    siblings: tuple[str, ...] = ()
    is_demanded: bool = False


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """The versions of a stage on some targets, without regard to others and after agreement."""

    alone: Versions
    agreed: Versions


def held_back(
    stage: str, outcomes: Mapping[str, Sequence[StageOutcome]], rules: Iterable[Rule]
) -> tuple[HeldBack, ...]:
    """Return the packages that agreement holds back in a stage, sorted by name.

    `outcomes` are those of all stages, one for each part of their targets.
    """
    own = [rule for rule in rules if stage in rule.stages]
    others = {name: parts for name, parts in outcomes.items() if name != stage}
    found: dict[NormalizedName, HeldBack] = {}
    for outcome in outcomes[stage]:
        for name, newer, version in _older(outcome):
            siblings = _having(name, version, others, attrgetter("alone"))
            if not siblings and version in outcome.alone[name]:
                siblings = _having(name, version, others, attrgetter("agreed"))
            is_demanded = any(rule.binds(name) for rule in own)
            found.setdefault(name, HeldBack(name, version, newer, siblings, is_demanded))
    return tuple(found[name] for name in sorted(found))


def held_back_by_locks(
    stage: LockedStage,
    siblings: Sequence[LockedStage],
    latest: Mapping[NormalizedName, Version],
    rules: Iterable[Rule],
) -> tuple[HeldBack, ...]:
    """Return the packages of a stage that locks show to be held back, sorted by name.

    No requirement of the stage excludes the `latest` version of such a package, but one of a
    sibling with the same version does.
    """
    own = [rule for rule in rules if stage.stage.name in rule.stages]
    found = []
    for name, newer in sorted(latest.items()):
        version = max(versions_of(stage, name), default=newer)
        binding = [rule for rule in own if rule.binds(name)]
        is_exempt = any(rule.is_exemption for rule in binding)
        if version >= newer or is_exempt or excluded_by(stage, name, newer):
            continue
        names = tuple(
            sibling.stage.name
            for sibling in siblings
            if version in versions_of(sibling, name) and excluded_by(sibling, name, newer)
        )
        if names:
            found.append(HeldBack(name, version, newer, names, is_demanded=bool(binding)))
    return tuple(found)


def added(outcomes: Iterable[StageOutcome]) -> tuple[NormalizedName, ...]:
    """Return the packages that agreement adds to a stage, sorted; none if it removes as many."""
    alone = {name for outcome in outcomes for name in outcome.alone}
    agreed = {name for outcome in outcomes for name in outcome.agreed}
    return tuple(sorted(agreed - alone)) if len(agreed) > len(alone) else ()


def is_direct(found: HeldBack, stage: LockedStage) -> bool:
    """Return whether pyproject.toml itself requires a package in a stage."""
    return any(requirement.name == found.package for requirement in stage.requirements)


def excluded_by(stage: LockedStage, package: NormalizedName, version: Version) -> str:
    """Return a requirement of a stage that excludes a version; empty if there is none."""
    return next(iter(requirers(stage, package, version)), "")


def _older(outcome: StageOutcome) -> Iterator[tuple[NormalizedName, Version, Version]]:
    for name in outcome.alone.keys() & outcome.agreed.keys():
        newer, version = outcome.alone[name][-1], outcome.agreed[name][-1]
        if version < newer:
            yield name, newer, version


def _having(
    name: NormalizedName,
    version: Version,
    outcomes: Mapping[str, Sequence[StageOutcome]],
    versions_in: Callable[[StageOutcome], Versions],
) -> tuple[str, ...]:
    """Return the stages that have a version of a package in some part of their targets."""
    return tuple(
        stage
        for stage, parts in outcomes.items()
        if any(version in versions_in(part).get(name, ()) for part in parts)
    )
