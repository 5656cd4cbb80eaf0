"""Alignment rules: the stages that they connect, and whether they are satisfied."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from packaging.version import Version

from poetry_fti.agreement.versions import covers, group_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import LockedVersions, Versions
    from poetry_fti.model.locked_version import LockedVersion
    from poetry_fti.model.rule import Rule


def tied(stages: Sequence[str], rules: Iterable[Rule]) -> list[list[str]]:
    """Return the stages in groups that rules connect.

    Two stages are in one group if a chain of rules connects them; other stages are alone in theirs.
    """
    groups = [[stage] for stage in stages]
    for rule in rules:
        touched = [group for group in groups if not set(group).isdisjoint(rule.stages)]
        merged = {stage for group in touched for stage in group}
        groups = [group for group in groups if group not in touched]
        groups.append([stage for stage in stages if stage in merged])
    return [group for group in groups if group]


def is_exempt(stage: str, name: NormalizedName, exemptions: Iterable[Rule]) -> bool:
    """Return whether rules exempt a stage from agreement with other stages on a package."""
    return any(stage in rule.stages and rule.binds(name) for rule in exemptions)


def hold(rules: Iterable[Rule], stages: Mapping[str, Iterable[Versions]]) -> bool:
    """Return whether stages satisfy rules.

    `stages` are the versions of each variant (operating system) of each stage. A stage without a
    package agrees with all others.
    """
    return not broken(rules, stages)


def broken(
    rules: Iterable[Rule], stages: Mapping[str, Iterable[Versions]]
) -> frozenset[NormalizedName]:
    """Return the names of the packages whose versions violate a rule.

    `stages` are the versions of each variant (operating system) of each stage.
    """
    return frozenset(
        name
        for rule in rules
        for name, compared in _compared_versions(rule, stages).items()
        if len(compared) > 1
    )


def of_several_origins(
    rules: Iterable[Rule], stages: Mapping[str, LockedVersions]
) -> dict[NormalizedName, tuple[str, ...]]:
    """Return the packages whose origins violate a rule, with the stages that the rule binds.

    Only rules of level `exact` compare origins. A stage may have several of them, each with its
    marker, and agrees with a stage that has some of these.
    """
    found: dict[NormalizedName, tuple[str, ...]] = {}
    for rule in rules:
        for name, by_stage in _bound_exactly(rule, stages).items():
            pairs = combinations(by_stage, 2)
            if not all(covers(one, other) or covers(other, one) for one, other in pairs):
                found.setdefault(name, rule.stages)
    return dict(sorted(found.items()))


def _bound_exactly(
    rule: Rule, stages: Mapping[str, LockedVersions]
) -> dict[NormalizedName, set[tuple[LockedVersion, ...]]]:
    found: dict[NormalizedName, set[tuple[LockedVersion, ...]]] = {}
    for stage in rule.stages if rule.level == "exact" else ():
        for name, locked in stages.get(stage, {}).items():
            if rule.binds(name):
                found.setdefault(name, set()).add(locked)
    return found


def _compared_versions(
    rule: Rule, stages: Mapping[str, Iterable[Versions]]
) -> dict[NormalizedName, set[Version]]:
    found = group_versions(
        (name, version)
        for stage in rule.stages
        for variant in stages.get(stage, ())
        for name, versions in variant.items()
        for version in versions
    )
    # Compared as versions, because 1.0 and 1.0.0 are the same.
    return {
        name: {Version(rule.part(version)) for version in versions}
        for name, versions in found.items()
        if rule.binds(name)
    }
