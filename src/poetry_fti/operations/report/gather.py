"""Gathers a report on the stages of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.bridge.project.pyproject import project_name
from poetry_fti.operations.check.run import CheckRequest, run_checks
from poetry_fti.operations.check.stages import checked_stage
from poetry_fti.operations.comparison import compare_stages
from poetry_fti.operations.diff.overview import as_locked
from poetry_fti.operations.report.edges import edges
from poetry_fti.operations.report.history import history
from poetry_fti.operations.report.images import stage_images
from poetry_fti.operations.report.packages import packages
from poetry_fti.operations.report.stages import report_stages, stage_download
from poetry_fti.report.data import Report

if TYPE_CHECKING:
    from poetry_fti.operations.project import Project


def gather_report(project: Project, commits: int = 0) -> Report:
    """Return a report on all stages, with the history of their locks in this many commits.

    Locks are read as they are on disk, whether or not these are fresh. No index is used, and
    nothing is solved. Raises FtiError if there is no git repository and `commits` is not 0,
    ConfigError for a requirement in pyproject.toml that Poetry cannot read.
    """
    checked = [checked_stage(project, stage) for stage in project.stages]
    readable = [stage for stage in checked if stage.is_readable]
    names = {stage.name for stage in readable}
    sizes = {stage.name: stage_download(stage) for stage in readable}
    comparison = compare_stages([as_locked(stage) for stage in readable])
    checks = run_checks(project, CheckRequest())
    images, shared = stage_images(project, project.stages)
    return Report(
        project=project_name(project.pyproject),
        stages=report_stages(checked, sizes),
        packages=packages(readable, sizes, comparison.divergences, checks.findings),
        edges=edges(project, [stage for stage in project.stages if stage.name in names]),
        images=images,
        sharing=shared,
        findings=checks.findings,
        waived=len(checks.waived),
        unknown=checks.unknown,
        history=history(project, readable, commits) if commits else None,
    )
