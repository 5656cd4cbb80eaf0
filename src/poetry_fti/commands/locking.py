"""Locking stages: from their derived projects to the locks on disk."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from poetry_fti import files
from poetry_fti.bridge.preferences import own_pins, pins
from poetry_fti.bridge.solving.engine import Solved, engine
from poetry_fti.bridge.solving.part import Task
from poetry_fti.commands.console import counted, progress, quiet
from poetry_fti.comparison import changes
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.package import Package

    from poetry_fti.alignment import Versions
    from poetry_fti.bridge.solving.engine import Outcome
    from poetry_fti.commands.project import Project
    from poetry_fti.commands.stage_project import StageProject
    from poetry_fti.comparison import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How stages are to be locked.

    `latest` are packages whose pins are not kept (all of them, if it is empty); None keeps pins.
    """

    regenerate: bool = False
    aligned: bool = True
    latest: frozenset[NormalizedName] | None = None

    def touches(self, stage: StageProject) -> bool:
        """Tell whether a stage is solved at all: a fresh lock is left alone."""
        return not stage.is_fresh or self.regenerate or self.latest is not None

    @property
    def from_scratch(self) -> bool:
        """Whether no version of the old lock counts."""
        return self.regenerate or self.latest == frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What locking a stage came to; `first` is true where it had no readable lock before."""

    packages: int
    fresh: bool = False
    first: bool = False
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0


Result: TypeAlias = "Locked | FtiError"


def lock_stages(
    project: Project, stages: Sequence[StageProject], io: IO, request: Request
) -> dict[str, Result]:
    """Bring the locks of stages up to date; an error of one leaves the others."""
    results: dict[str, Result] = {}
    tasks: dict[str, Task] = {}
    with ExitStack() as folders:
        for stage in stages:
            if not request.touches(stage):
                results[stage.name] = Locked(packages=_count(stage.versions), fresh=True)
                continue
            # Poetry looks relative paths up from the stage's folder, which has to exist for that.
            folders.enter_context(files.folder(stage.lock.parent))
            try:
                tasks[stage.name] = _task(project, stage, stages, request)
            except FtiError as error:
                results[stage.name] = error
        fixed = [
            each.versions
            for each in project.stages
            if request.latest is None and each.name not in tasks and each.is_fresh
        ]
        outcomes = _solve(project, list(tasks.values()), fixed, io, request)
        for stage in stages:
            outcome = outcomes.get(stage.name)
            if isinstance(outcome, Solved):
                results[stage.name] = _write(stage, outcome)
            elif outcome is not None:
                results[stage.name] = outcome
    return {stage.name: results[stage.name] for stage in stages}


def _solve(
    project: Project, tasks: Sequence[Task], fixed: Sequence[Versions], io: IO, request: Request
) -> dict[str, Outcome]:
    if not tasks:
        return {}
    solver_io = quiet(io)
    pool = project.poetry.pool
    with (
        engine(tasks, pool, solver_io, aligned=request.aligned, fixed=bool(fixed)) as solving,
        progress(io, f"Locking {counted(len(tasks), 'stage')}"),
    ):
        return solving.solve(fixed)


def _task(
    project: Project, stage: StageProject, selected: Sequence[StageProject], request: Request
) -> Task:
    """Return what is to be solved; raises FtiError for a lock that cannot be read."""
    if stage.status.state == "broken" and not (stage.status.is_merging or request.regenerate):
        raise FtiError(stage.problem())
    siblings = [s for s in project.stages if s is not stage]
    if request.from_scratch:
        siblings = [s for s in siblings if s not in selected]
    stage.root()  # what is wrong with it is wrong before anything is solved
    texts = [s.text for s in siblings] + [project.poetry_lock()]
    return Task(
        name=stage.name,
        root=stage.root,
        write=stage.lock_text,
        targets=stage.stage.targets,
        pins=() if request.from_scratch else _own_pins(stage),
        others=pins(texts) if request.aligned and request.latest is None else (),
        latest=request.latest or (),
    )


def _own_pins(stage: StageProject) -> Sequence[Package]:
    if stage.status.is_merging:
        return pins([stage.text])
    return own_pins(stage.locker) if stage.status.state != "missing" else ()


def _write(stage: StageProject, solved: Solved) -> Locked:
    first, before = not stage.status.is_readable, stage.versions
    # Another version of Poetry in the first line alone is no reason to touch the file.
    if solved.text.partition("\n")[2] != stage.text.replace("\r\n", "\n").partition("\n")[2]:
        files.replace({stage.lock: solved.text})
    stage.reread()
    after = stage.versions
    return Locked(
        packages=_count(after),
        first=first,
        changes=changes({} if first else before, after),
        seconds=solved.seconds,
    )


def _count(versions: Mapping[NormalizedName, Collection[Version]]) -> int:
    return sum(map(len, versions.values()))
