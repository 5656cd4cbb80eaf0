"""Locking stages: from their derived projects to the locks on disk."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from poetry_fti import files
from poetry_fti.bridge.preferences import own_pins, pins, versions
from poetry_fti.bridge.solving.engine import engine
from poetry_fti.bridge.solving.part import Task
from poetry_fti.commands.console import counted, progress, quiet
from poetry_fti.comparison import changes
from poetry_fti.errors import FtiError
from poetry_fti.rules import tied

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.package import Package

    from poetry_fti.bridge.solving.engine import Outcome
    from poetry_fti.commands.project import Project
    from poetry_fti.commands.stage_project import StageProject
    from poetry_fti.comparison import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """How stages are to be locked.

    `latest` are packages whose pins are not kept (all of them, if it is empty); None keeps pins.
    A dry run writes nothing.
    """

    regenerate: bool = False
    aligned: bool = True
    latest: frozenset[NormalizedName] | None = None
    dry_run: bool = False

    def touches(self, stage: StageProject) -> bool:
        """Tell whether a stage is solved: not if its lock is fresh, or has nothing to update."""
        if self.latest is None:
            return self.regenerate or not stage.is_fresh
        return not self.latest or not self.latest.isdisjoint(stage.versions)

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
    """Bring the locks of stages up to date; an error of one leaves the others.

    Stages that a rule ties to one of them are locked with it.
    """
    results: dict[str, Result] = {}
    tasks: dict[str, Task] = {}
    solved = _to_solve(project, stages, request)
    with ExitStack() as folders:
        for stage in solved:
            # Poetry looks relative paths up from the stage's folder, which has to exist for that.
            folders.enter_context(files.folder(stage.lock.parent))
            try:
                tasks[stage.name] = _task(project, stage, solved, request)
            except FtiError as error:
                results[stage.name] = error
        for name, outcome in _solve(project, list(tasks.values()), io, request).items():
            stage = next(each for each in solved if each.name == name)
            results[name] = _locked(stage, outcome, request)
    for stage in stages:
        if stage not in solved:
            results[stage.name] = Locked(packages=_count(stage.versions), fresh=True)
    return {stage.name: results[stage.name] for stage in project.stages if stage.name in results}


def _to_solve(
    project: Project, stages: Sequence[StageProject], request: Request
) -> list[StageProject]:
    names = {stage.name for stage in stages if request.touches(stage)}
    for group in tied([stage.name for stage in project.stages], project.rules):
        if not names.isdisjoint(group):
            names.update(group)
    return [stage for stage in project.stages if stage.name in names]


def _solve(project: Project, tasks: Sequence[Task], io: IO, request: Request) -> dict[str, Outcome]:
    if not tasks:
        return {}
    names = {task.name for task in tasks}
    fixed = [
        stage.versions
        for stage in project.stages
        if request.latest is None and stage.name not in names and stage.is_fresh
    ]
    rules = [rule for rule in project.rules if names.issuperset(rule.stages)]
    aligned = request.aligned and len(tasks) + len(fixed) > 1
    with (
        engine(tasks, rules, project.poetry.pool, quiet(io), aligned=aligned) as solving,
        progress(io, f"Locking {counted(len(tasks), 'stage')}"),
    ):
        return solving.solve(fixed)


def _task(
    project: Project, stage: StageProject, solved: Sequence[StageProject], request: Request
) -> Task:
    """Return what is to be solved; raises FtiError for a lock that cannot be read."""
    if stage.status.state == "broken" and not (stage.status.is_merging or request.regenerate):
        raise FtiError(stage.problem())
    stage.root()  # what is wrong with it is wrong before anything is solved
    siblings = [each for each in project.stages if each is not stage]
    if request.from_scratch:
        siblings = [each for each in siblings if each not in solved]
    texts = [each.text for each in siblings] + [project.poetry_lock()]
    return Task(
        name=stage.name,
        root=stage.root,
        write=stage.lock_text,
        targets=stage.stage.targets,
        overrides=stage.stage.overrides,
        pins=() if request.from_scratch else _own_pins(stage),
        others=pins(texts) if request.aligned and request.latest is None else (),
        latest=request.latest or (),
    )


def _own_pins(stage: StageProject) -> Sequence[Package]:
    if stage.status.is_merging:
        return pins([stage.text])
    return own_pins(stage.locker) if stage.status.state != "missing" else ()


def _locked(stage: StageProject, outcome: Outcome, request: Request) -> Result:
    if isinstance(outcome, FtiError):
        return outcome
    first, before = not stage.status.is_readable, stage.versions
    if not request.dry_run:
        # Another version of Poetry in the first line alone is no reason to touch the file.
        if _body(outcome.text) != _body(stage.text):
            files.replace({stage.lock: outcome.text})
        stage.reread()
    after = versions(outcome.text)
    return Locked(
        packages=_count(after),
        first=first,
        changes=changes({} if first else before, after),
        seconds=outcome.seconds,
    )


def _body(text: str) -> str:
    return text.replace("\r\n", "\n").partition("\n")[2]


def _count(versions: Mapping[NormalizedName, Collection[Version]]) -> int:
    return sum(map(len, versions.values()))
