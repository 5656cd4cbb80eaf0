"""Locking one stage: from its derived project to the lock on disk."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.bridge.solve import solve
from poetry_fti.comparison import changes
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from cleo.io.io import IO

    from poetry_fti.commands.project import Project
    from poetry_fti.comparison import Change
    from poetry_fti.model import LockedPackage, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What locking a stage came to; `first` is true where it had no readable lock before."""

    packages: int
    fresh: bool = False
    first: bool = False
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0


def lock_stage(project: Project, stage: Stage, io: IO, *, regenerate: bool) -> Locked:
    """Bring a stage's lock up to date; a fresh one is left alone unless it is regenerated.

    Raises FtiError for a broken lock, and where no solution exists.
    """
    status = project.status(stage)
    if status.state == "broken" and not regenerate:
        raise FtiError(project.problem_with(stage, status))
    before: tuple[LockedPackage, ...] | None = None
    if status.state == "fresh" or (status.state == "stale" and project.is_current_format(stage)):
        before = project.packages(stage)
    if before is not None and status.state == "fresh" and not regenerate:
        return Locked(packages=len(before), fresh=True)
    started = time.monotonic()
    _write(project, stage, io, regenerate=regenerate)
    after = project.packages(stage)
    return Locked(
        packages=len(after),
        first=before is None,
        changes=changes(before or (), after),
        seconds=time.monotonic() - started,
    )


def _write(project: Project, stage: Stage, io: IO, *, regenerate: bool) -> None:
    path = project.locker(stage).lock
    # Poetry looks relative paths up from the stage's folder, which has to exist for that.
    with files.folder(path.parent):
        text = solve(project.derived(stage), io, regenerate=regenerate)
        if text is not None:
            files.replace({path: text})
