"""Builds locked stages, the input of exporters and comparisons, from stages with fresh locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.bridge.lock.locked import lock_digest
from poetry_fti.bridge.project.pyproject import project_name
from poetry_fti.bridge.project.toml import pyproject_text
from poetry_fti.model import IndexOrigin, LockedStage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from poetry_fti.bridge.lock.locker import LockStatus
    from poetry_fti.bridge.poetry_project import PoetryProject
    from poetry_fti.model import LockedPackage
    from poetry_fti.operations.stage import ProjectStage


def locked_stage(
    stage: ProjectStage, poetry: PoetryProject, pyproject: Mapping[str, Any]
) -> LockedStage:
    """Return a stage with all data for an export, read from a fresh lock.

    Raises FtiError if a locked package cannot be installed on one of the stage's targets.
    """
    packages = stage.lock.packages
    origins = [package.origin for package in packages]
    used = {origin.name for origin in origins if isinstance(origin, IndexOrigin)}
    return LockedStage(
        stage=stage.stage,
        folder=stage.folder,
        requires_python=stage.python,
        digest=lock_digest(stage.path),
        packages=packages,
        requirements=stage.requirements,
        indexes=tuple(index for index in poetry.indexes() if index.name in used),
        code=poetry.code(),
        pyproject=pyproject_text(stage.derived.data),
        project=project_name(pyproject),
    )


def compared_stage(stage: ProjectStage, packages: tuple[LockedPackage, ...]) -> LockedStage:
    """Return a stage with the data for a comparison only, and these packages."""
    return LockedStage(
        stage=stage.stage,
        folder=stage.folder,
        requires_python=stage.python,
        digest="",
        packages=packages,
        requirements=stage.requirements,
    )


def lock_problem(stage: ProjectStage, status: LockStatus) -> str:
    """Return a message on a lock that is not fresh, with the command that repairs it."""
    path, command = stage.folder / "poetry.lock", f"poetry fti lock {stage.name}"
    if status.is_merging:
        return f"{path} contains merge markers. Rebuild it from both sides with `{command}`."
    if status.state == "broken":
        return (
            f"{path} cannot be read: {status.reason}. Restore it, or lock the stage from scratch"
            f" with `{command} --regenerate`."
        )
    state = "is missing" if status.state == "missing" else "does not match pyproject.toml"
    if status.reason:
        state = status.reason.removeprefix("it ")
    return f"{path} {state}. Run `{command}`."
