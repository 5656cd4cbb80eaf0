"""Preferences for the stages that a rule binds, with which they satisfy the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.packages.package import Package

from poetry_fti.agreement.rules import broken
from poetry_fti.bridge.solving.rules.joint import solve_together
from poetry_fti.bridge.solving.rules.joint_pool import BoundVariant
from poetry_fti.bridge.solving.variants.variant import Preferences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.variants.variant import Variant
    from poetry_fti.model.rule import Rule


def preferences_for_rules(
    variants: Mapping[str, Mapping[str, Variant]],
    versions: Mapping[str, Mapping[str, Versions]],
    rules: Sequence[Rule],
    io: IO,
) -> dict[str, dict[str, Preferences]]:
    """Return preferences by stage and variant; raises FtiError if no versions satisfy the rules.

    `versions` are the present versions by stage and variant, from which the search starts.
    """
    keys = [(stage, name) for stage, each in versions.items() for name in each]
    common = list(_common_preferences(variants, versions, rules))
    bound = [
        BoundVariant(
            stage,
            variants[stage][name].resolver,
            [
                *(package for package in common if _binds(rules, stage, package.name)),
                *variants[stage][name].preferred(versions[stage][name]),
            ],
        )
        for stage, name in keys
    ]
    preferences: dict[str, dict[str, Preferences]] = {}
    for (stage, name), found in zip(keys, solve_together(bound, rules, io), strict=True):
        binding = frozenset(each for each in found if _binds(rules, stage, each))
        preferences.setdefault(stage, {})[name] = Preferences(frozenset(found.items()), binding)
    return preferences


def _common_preferences(
    variants: Mapping[str, Mapping[str, Variant]],
    versions: Mapping[str, Mapping[str, Versions]],
    rules: Sequence[Rule],
) -> Iterator[Package]:
    """Yield versions of the packages that break a rule, for all bound variants to try first.

    Updated versions precede pins, which would otherwise undo the update. Newer versions precede
    older ones, so that the result does not depend on the order of the stages.
    """
    names = broken(rules, {stage: each.values() for stage, each in versions.items()})
    updated: set[tuple[NormalizedName, str]] = set()
    pinned: set[tuple[NormalizedName, str]] = set()
    for stage, each in versions.items():
        for name, found in each.items():
            variant = variants[stage][name]
            updated.update(variant.updated(found))
            pinned.update(variant.indexed_pins)
    for pairs in (updated, pinned):
        packages = [Package(*pair) for pair in pairs if pair[0] in names]
        yield from sorted(packages, key=lambda package: package.version, reverse=True)


def _binds(rules: Iterable[Rule], stage: str, name: NormalizedName) -> bool:
    return any(stage in rule.stages and rule.binds(name) for rule in rules)
