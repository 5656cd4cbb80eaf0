"""Packages whose versions differ between two stages, so that something breaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.checks import Finding
from poetry_fti.checks.skew.judge import judge
from poetry_fti.checks.skew.texts import alignment, because, outcome, transfer_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packaging.version import Version

    from poetry_fti.checks.shared.facts import AlignRule
    from poetry_fti.checks.skew.facts import PackageFacts
    from poetry_fti.checks.skew.judge import Judgement
    from poetry_fti.checks.skew.pairs import Pair


def different_versions(
    pair: Pair, packages: Mapping[str, PackageFacts], rules: Callable[[], Sequence[AlignRule]]
) -> Iterator[Finding]:
    """Yield a finding for each package whose versions in the two stages break something."""
    for name in sorted(packages.keys() & pair.producer.writers):
        facts = packages[name]
        if pair.saves or _concerns_code(facts):
            steps = [
                (versions, judged)
                for versions in sorted(pair.versions(name))
                if (judged := judged_step(pair, facts, versions)).level is not None
            ]
            if steps:
                worst = min(steps, key=lambda step: _order(step[1]))
                yield _finding(pair, name, facts, worst, rules)


def judged_step(pair: Pair, facts: PackageFacts, versions: tuple[Version, Version]) -> Judgement:
    """Return what breaks between two versions, as far as it concerns the pair of stages."""
    judged = judge(facts, *versions, producer_packages=pair.producer.writers)
    if pair.saves:
        return judged
    crossings = tuple(each for each in judged.crossings if each.kind == "shared-code")
    return replace(judged, crossings=crossings)


def _concerns_code(facts: PackageFacts) -> bool:
    return any(each.kind == "shared-code" for each in facts.boundaries)


def _order(judged: Judgement) -> tuple[bool, bool, int]:
    """Return a sort key that is lowest for the most severe of several steps."""
    return judged.level != "error", not judged.silent, -len(judged.crossings)


def _finding(
    pair: Pair,
    name: str,
    facts: PackageFacts,
    step: tuple[tuple[Version, Version], Judgement],
    rules: Callable[[], Sequence[AlignRule]],
) -> Finding:
    versions, judged = step
    kinds = {each.kind for each in judged.crossings}
    is_code = not pair.saves or kinds == {"shared-code"}
    builds = [side.build(name) for side in pair.sides]
    named = (f"{build} {version}" for build, version in zip(builds, versions, strict=True))
    return Finding(
        check="skew",
        stage=pair.consumer.name,
        package=name,
        level=judged.level or "warning",
        message=f"{transfer_text(pair, *named, is_code=is_code)}: {outcome(judged, facts)}",
        because=because(pair, name, versions),
        fix=alignment(pair, name, rules()),
        path=pair.consumer.stage.path,
        transfer=pair.transfer(versions, silent=judged.silent),
    )
