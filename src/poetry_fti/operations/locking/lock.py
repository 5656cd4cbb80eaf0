"""Locks stages: finds those whose locks are not fresh, and has them solved and written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.agreement.rules import tied
from poetry_fti.operations.feedback import SILENT
from poetry_fti.operations.locking.request import LockRequest, LockResult, count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

__all__ = ["LockRequest", "LockResult", "lock_stages"]


def lock_stages(
    project: Project,
    stages: Sequence[ProjectStage],
    request: LockRequest,
    feedback: Feedback = SILENT,
) -> dict[str, LockResult]:
    """Lock stages and return the result of each by its name.

    Stages that a rule ties to one of them are locked, too. If a stage cannot be locked, its result
    has an `error`, and the other stages are locked nevertheless. Raises ConfigError if Poetry
    rejects the pyproject.toml, even if all locks are fresh.
    """
    stale = stages_to_solve(project, stages, request)
    results = {
        stage.name: LockResult(packages=count(stage.versions), is_fresh=True)
        for stage in stages
        if stage not in stale and project.is_fresh(stage)  # not if it has no package to update
    }
    if stale:
        # The resolver takes long to import, and is not needed for fresh locks.
        from poetry_fti.operations.locking.solve import solve_stages  # noqa: PLC0415

        results |= solve_stages(project, stale, request, feedback)
    else:
        project.require_accepted()
    return {stage.name: results[stage.name] for stage in project.stages if stage.name in results}


def stages_to_solve(
    project: Project, stages: Sequence[ProjectStage], request: LockRequest
) -> list[ProjectStage]:
    """Return those of the stages that a request concerns, and the stages that rules tie to them."""
    names = {stage.name for stage in stages if _is_touched(project, stage, request)}
    for group in tied([stage.name for stage in project.stages], project.rules):
        if not names.isdisjoint(group):
            names.update(group)
    return [stage for stage in project.stages if stage.name in names]


def _is_touched(project: Project, stage: ProjectStage, request: LockRequest) -> bool:
    if request.latest is None:
        return request.regenerate or not project.is_fresh(stage)
    return not request.latest or not request.latest.isdisjoint(stage.versions)
