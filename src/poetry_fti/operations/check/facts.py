"""Gathers what checks need to know about a project."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING

from poetry_fti.bridge.project.python_versions import project_python
from poetry_fti.checks.shared.facts import CheckedProject, Yanks
from poetry_fti.operations.check.align_rules import align_rules
from poetry_fti.operations.check.groups import unused_groups
from poetry_fti.operations.check.sources import package_sources
from poetry_fti.operations.check.stages import checked_stage
from poetry_fti.operations.environments.existing import existing_environments
from poetry_fti.operations.exports.generated import exported_stages
from poetry_fti.operations.leftovers import find_leftovers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.checks.shared.facts import CheckedStage, ExportedFiles
    from poetry_fti.operations.project import Project


def checked_project(project: Project) -> CheckedProject:
    """Return a project as checks see it; what costs time is read when a check asks for it."""
    stages = tuple(checked_stage(project, stage) for stage in project.stages)
    return CheckedProject(
        stages=stages,
        leftovers=lambda: [each.name for each in find_leftovers(project)],
        exports=lambda: _exports(project),
        align_rules=cache(lambda: align_rules(project)),
        today=datetime.now(timezone.utc).date(),
        feature_transformers=project.config.check.feature_transformers,
        environments=cache(lambda: existing_environments(project)),
        sources=package_sources(project.pyproject),
        yanks=cache(lambda: _yanks(project, stages)),
        python=project_python(project.pyproject),
        unused_groups=unused_groups(project),
        is_isolated=project.config.isolated,
    )


def _yanks(project: Project, stages: Sequence[CheckedStage]) -> Yanks:
    packages = (package for stage in stages for package in stage.packages)
    return Yanks(*project.poetry.cached_yanks(packages))


def _exports(project: Project) -> Sequence[ExportedFiles]:
    if not exported_stages(project):
        return ()
    # It imports all formats, which takes longer than most checks.
    from poetry_fti.operations.check.exports import differing_exports  # noqa: PLC0415

    return differing_exports(project)
