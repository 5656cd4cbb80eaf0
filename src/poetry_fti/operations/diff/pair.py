"""Compares the locks of two stages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poetry_fti.checks.shared.settings import judge
from poetry_fti.checks.skew import CHECK as SKEW
from poetry_fti.errors import FtiError, StaleLockError
from poetry_fti.operations.check.facts import checked_project
from poetry_fti.operations.comparison import compare_stages
from poetry_fti.operations.diff.differences import differences
from poetry_fti.operations.diff.overview import as_locked

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
    project.select([first, second])
    checked = checked_project(project)
    by_name = {stage.name: stage for stage in checked.stages}
    pair = by_name[first], by_name[second]
    for stage in pair:
        _require_readable(project, stage)
    skew, _ = judge(
        SKEW.find(replace(checked, stages=pair)),
        project.config.check,
        [stage.stage for stage in pair],
        checked.today,
    )
    divergences = compare_stages([as_locked(stage) for stage in pair]).divergences
    return StagePair(
        names=(first, second),
        differences=differences(*pair),
        divergences={each.name: each for each in divergences},
        skew=tuple(skew),
        problems=tuple(stage.problem for stage in pair if stage.problem),
    )


def _require_readable(project: Project, stage: CheckedStage) -> None:
    if not stage.is_readable:
        (own,) = project.select([stage.name])
        is_missing = project.status(own).state == "missing"
        raise (StaleLockError if is_missing else FtiError)(stage.problem)
