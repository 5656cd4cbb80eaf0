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

    from poetry_fti.commands.stage_project import StageProject
    from poetry_fti.comparison import Change
    from poetry_fti.model import LockedPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What locking a stage came to; `first` is true where it had no readable lock before."""

    packages: int
    fresh: bool = False
    first: bool = False
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0


def lock_stage(stage: StageProject, io: IO, *, regenerate: bool) -> Locked:
    """Bring a stage's lock up to date; a fresh one is left alone unless it is regenerated.

    Raises FtiError for a broken lock, and where no solution exists.
    """
    if stage.status.state == "broken" and not regenerate:
        raise FtiError(stage.problem())
    before: tuple[LockedPackage, ...] | None = None
    if stage.status.is_readable:
        before = stage.packages
    if before is not None and stage.status.state == "fresh" and not regenerate:
        return Locked(packages=len(before), fresh=True)
    started = time.monotonic()
    _write(stage, io, regenerate=regenerate)
    after = stage.packages
    return Locked(
        packages=len(after),
        first=before is None,
        changes=changes(before or (), after),
        seconds=time.monotonic() - started,
    )


def _write(stage: StageProject, io: IO, *, regenerate: bool) -> None:
    # Poetry looks relative paths up from the stage's folder, which has to exist for that.
    with files.folder(stage.lock.parent):
        text = solve(stage.derived(), io, regenerate=regenerate)
        if text is not None:
            files.replace({stage.lock: text})
    stage.reread()
