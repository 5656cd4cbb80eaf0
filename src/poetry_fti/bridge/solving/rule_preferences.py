"""The preferences of stages that rules tie together, with which the rules hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.packages.package import Package

from poetry_fti.agreement.rules import broken
from poetry_fti.bridge.solving.joint import BoundVariant, solve_together
from poetry_fti.bridge.solving.variant import Preferences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.variant import Variant
    from poetry_fti.model import Rule


def agree(
    variants: Mapping[str, Mapping[str, Variant]],
    versions: Mapping[str, Mapping[str, Versions]],
    rules: Sequence[Rule],
    io: IO,
) -> dict[str, dict[str, Preferences]]:
    """Return each variant's preferences by stage; raises FtiError if no versions satisfy the rules.

    `versions` are those that they have so far.
    """
    places = [(stage, name) for stage, each in versions.items() for name in each]
    offers = list(_offers(variants, versions, rules))
    bound = [
        BoundVariant(
            stage,
            variants[stage][name].resolver,
            [
                *(package for package in offers if _binds(rules, stage, package.name)),
                *variants[stage][name].preferred(versions[stage][name]),
            ],
        )
        for stage, name in places
    ]
    preferences: dict[str, dict[str, Preferences]] = {}
    for (stage, name), found in zip(places, solve_together(bound, rules, io), strict=True):
        binding = frozenset(each for each in found if _binds(rules, stage, each))
        preferences.setdefault(stage, {})[name] = Preferences(frozenset(found.items()), binding)
    return preferences


def _offers(
    variants: Mapping[str, Mapping[str, Variant]],
    versions: Mapping[str, Mapping[str, Versions]],
    rules: Sequence[Rule],
) -> Iterator[Package]:
    """Yield versions of what a rule is broken by, which all that it binds are to try first.

    What an update has moved goes before what the others had, or it would be held back by them;
    and the newest before older ones, or the order of the stages would matter.
    """
    torn = broken(rules, {stage: each.values() for stage, each in versions.items()})
    moved: set[tuple[NormalizedName, str]] = set()
    kept: set[tuple[NormalizedName, str]] = set()
    for stage, each in versions.items():
        for name, found in each.items():
            variant = variants[stage][name]
            moved.update(variant.moved(found))
            kept.update(variant.kept)
    for offered in (moved, kept):
        packages = [Package(*pin) for pin in offered if pin[0] in torn]
        yield from sorted(packages, key=lambda package: package.version, reverse=True)


def _binds(rules: Iterable[Rule], stage: str, name: NormalizedName) -> bool:
    return any(stage in rule.stages and rule.binds(name) for rule in rules)
