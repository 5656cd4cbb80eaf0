"""Refuses to compare a stage whose lock cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError, StaleLockError

if TYPE_CHECKING:
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.operations.project import Project


def require_readable(project: Project, stage: CheckedStage) -> None:
    """Raise StaleLockError for a missing lock, FtiError for one that cannot be read."""
    if not stage.is_readable:
        (own,) = project.select([stage.name])
        is_missing = project.status(own).state == "missing"
        raise (StaleLockError if is_missing else FtiError)(stage.problem)
