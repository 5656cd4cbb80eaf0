"""Gathers what checks need to know about a project."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING

from poetry_fti.checks.facts import CheckedProject, CheckedStage
from poetry_fti.operations.check.align_rules import align_rules
from poetry_fti.operations.check.exports import differing_exports
from poetry_fti.operations.check.sources import package_sources
from poetry_fti.operations.environments.existing import existing_environments
from poetry_fti.operations.leftovers import find_leftovers

if TYPE_CHECKING:
    from poetry_fti.model import LockedPackage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def checked_project(project: Project) -> CheckedProject:
    """Return a project as checks see it; what costs time is read when a check asks for it."""
    return CheckedProject(
        stages=tuple(_checked(project, stage) for stage in project.stages),
        leftovers=lambda: [each.name for each in find_leftovers(project)],
        exports=lambda: differing_exports(project),
        align_rules=lambda: align_rules(project),
        today=datetime.now(timezone.utc).date(),
        environments=cache(lambda: existing_environments(project)),
        sources=package_sources(project.pyproject),
    )


def _checked(project: Project, stage: ProjectStage) -> CheckedStage:
    is_fresh = project.is_fresh(stage)
    packages = _packages(stage)
    return CheckedStage(
        stage=stage.stage,
        # What looks fresh may still be damaged where only reading the packages shows it.
        problem="" if is_fresh and packages is not None else project.problem(stage),
        requirements=stage.requirements,
        packages=packages or (),
        python=stage.python,
        files=lambda package: stage.lock.files.get((package.name, package.version), ()),
    )


def _packages(stage: ProjectStage) -> tuple[LockedPackage, ...] | None:
    """Return the packages of a lock that may be stale; None if it is missing or damaged."""
    try:
        return stage.lock.compared if stage.lock.text else None
    except Exception:  # noqa: BLE001 - Poetry raises any type for damaged text
        return None
