"""Compares all stages of a project: their sizes, what they share, and where they differ and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.checks.shared.chains import shortest_chains
from poetry_fti.model.lock import LockedStage
from poetry_fti.operations.check.stages import checked_stage
from poetry_fti.operations.comparison import compare_stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.operations.comparison import Comparison
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSummary:
    """The numbers of packages in the lock of a stage.

    Attributes:
        packages: how many packages the stage installs.
        direct: how many of them pyproject.toml requires.
        alone: how many of them no other stage has.
    """

    stage: str
    packages: int
    direct: int
    alone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All stages whose locks can be read, and the differences between them.

    `problems` are sentences on the locks that are not fresh, those that cannot be read included.
    """

    stages: tuple[StageSummary, ...]
    comparison: Comparison
    problems: tuple[str, ...]


def overview(project: Project) -> Overview:
    """Compare the stages of a project as their locks on disk are, whether or not these are fresh.

    Nothing is solved: the reasons of differences are those that the locks show.
    """
    found = [checked_stage(project, stage) for stage in project.stages]
    stages = [stage for stage in found if stage.is_readable]
    return Overview(
        stages=tuple(_summary(stage, stages) for stage in stages),
        comparison=compare_stages([as_locked(stage) for stage in stages]),
        problems=tuple(stage.problem for stage in found if stage.problem),
    )


def as_locked(stage: CheckedStage) -> LockedStage:
    """Return what a comparison needs of a stage that has been read for checks."""
    return LockedStage(
        stage=stage.stage,
        folder=PurePosixPath(),
        requires_python=stage.python,
        digest="",
        packages=stage.packages,
        requirements=stage.requirements,
    )


def _summary(stage: CheckedStage, stages: Sequence[CheckedStage]) -> StageSummary:
    own = locked_by_name(stage.packages).keys()
    others = {each.name for other in stages if other is not stage for each in other.packages}
    direct = {name for name, chain in shortest_chains(stage).items() if len(chain) == 1}
    return StageSummary(
        stage=stage.name,
        packages=len(own),
        direct=len(own & direct),
        alone=len(own - others),
    )
