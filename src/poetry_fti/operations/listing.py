"""Lists the stages of a project with the states of their locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.operations.locking.request import count

if TYPE_CHECKING:
    from poetry_fti.bridge.lock.locker import LockState
    from poetry_fti.model.stage import Stage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStage:
    """A stage with the state of its lock.

    `python` are PEP 440 specifiers, an empty string for any version; `reason` states why the lock
    cannot be read or violates a rule, and is empty otherwise; `packages` is the number of packages
    in the lock as `LockResult` has it, None without a readable lock. `is_lost` is set for a lock
    that only `--regenerate` replaces.
    """

    stage: Stage
    python: str
    lock: LockState
    reason: str
    packages: int | None
    is_lost: bool


def list_stages(project: Project) -> list[ListedStage]:
    """Return all stages, in the order of `Project.stages`."""
    return [_listed(project, stage) for stage in project.stages]


def _listed(project: Project, stage: ProjectStage) -> ListedStage:
    status = project.status(stage)
    reason, packages = status.reason, None
    if status.is_readable:
        try:
            stage.lock.packages  # noqa: B018 - raises
            packages = count(stage.versions)
        except FtiError as error:  # the lock cannot be installed on the stage's targets
            reason = str(error)
    return ListedStage(
        stage=stage.stage,
        python=stage.python,
        lock=status.state,
        reason=reason,
        packages=packages,
        is_lost=status.state == "broken" and not status.is_merging,
    )
