"""Compares the locks of two stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from poetry_fti.checks.shared.facts import CheckedProject
from poetry_fti.checks.shared.settings import judge
from poetry_fti.checks.skew import CHECK as SKEW
from poetry_fti.operations.check.align_rules import align_rules
from poetry_fti.operations.check.stages import checked_stage
from poetry_fti.operations.comparison import compare_stages
from poetry_fti.operations.diff.differences import differences
from poetry_fti.operations.diff.overview import as_locked
from poetry_fti.operations.diff.readable import require_readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.checks import Finding
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.operations.comparison import Divergence
    from poetry_fti.operations.diff.differences import Differences
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePair:
    """Two stages and the differences between their locks.

    Attributes:
        divergences: why versions differ, as far as the locks show it, by package.
        skew: findings of the check `skew` on the two stages, without waived ones.
        problems: sentences on the locks that are not fresh.
    """

    names: tuple[str, str]
    differences: Differences
    divergences: Mapping[NormalizedName, Divergence]
    skew: tuple[Finding, ...]
    problems: tuple[str, ...]


def compare_pair(project: Project, first: str, second: str) -> StagePair:
    """Compare the locks of two stages as they are on disk, whether or not these are fresh.

    Raises ConfigError for an unknown stage, StaleLockError or FtiError for a lock that is missing
    or cannot be read.
    """
    found = {each.name: each for each in project.select([first, second])}
    one, other = (checked_stage(project, found[name]) for name in (first, second))
    for stage in (one, other):
        require_readable(project, stage)
    divergences = compare_stages([as_locked(stage) for stage in (one, other)]).divergences
    return StagePair(
        names=(first, second),
        differences=differences(one, other),
        divergences={each.name: each for each in divergences},
        skew=_skew(project, (one, other)),
        problems=tuple(stage.problem for stage in (one, other) if stage.problem),
    )


def _skew(project: Project, pair: tuple[CheckedStage, CheckedStage]) -> tuple[Finding, ...]:
    checked = CheckedProject(
        stages=pair,
        leftovers=list,
        today=datetime.now(timezone.utc).date(),
        align_rules=lambda: align_rules(project),
        feature_transformers=project.config.check.feature_transformers,
    )
    stages = [each.stage for each in pair]
    found, _ = judge(SKEW.find(checked), project.config.check, stages, checked.today)
    return found
