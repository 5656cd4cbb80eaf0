"""Reads the locks of stages as checks and comparisons see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.checks.shared.facts import CheckedStage
from poetry_fti.model.lock import LockedPackage
from poetry_fti.operations.check.sizes import known_sizes

if TYPE_CHECKING:
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def checked_stage(project: Project, stage: ProjectStage) -> CheckedStage:
    """Return a stage with what its lock on disk contains, whether or not that is fresh."""
    is_fresh = project.is_fresh(stage)
    packages = _packages(stage)
    found = _pinned(stage) if packages is None else packages
    return CheckedStage(
        stage=stage.stage,
        # What looks fresh may still be damaged where only reading the packages shows it.
        problem="" if is_fresh and packages is not None else project.problem(stage),
        requirements=stage.requirements,
        packages=found,
        python=stage.python,
        files=lambda package: stage.lock.files.get((package.name, package.version), ()),
        sizes=lambda: known_sizes(project, stage, packages or ()),
        is_readable=packages is not None or bool(found),
    )


def _pinned(stage: ProjectStage) -> tuple[LockedPackage, ...]:
    """Return the names and versions in a lock that Poetry does not read, as it lacks other keys.

    A lock with merge markers contains no versions that have been decided on.
    """
    if stage.lock.status.is_merging:
        return ()
    return tuple(
        LockedPackage(name=name, version=version)
        for name, versions in stage.versions.items()
        for version in versions
    )


def _packages(stage: ProjectStage) -> tuple[LockedPackage, ...] | None:
    """Return the packages of a lock that may be stale; None if it is missing or damaged."""
    try:
        return stage.lock.compared if stage.lock.text else None
    except Exception:  # noqa: BLE001 - Poetry raises any type for damaged text
        return None
