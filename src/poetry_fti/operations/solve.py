"""Solving the stages whose locks are not fresh, and writing what was found."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.agreement.comparison import changes, versions_by_name
from poetry_fti.agreement.rules import tied
from poetry_fti.bridge.lock.preferences import own_pins, pins
from poetry_fti.bridge.solving.project_solver import project_solver
from poetry_fti.bridge.solving.variant import StageTask
from poetry_fti.commands.shared.console import counted, escape, progress, quiet
from poetry_fti.errors import FtiError
from poetry_fti.operations.lock import Locked, count

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package

    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.operations.lock import LockRequest, Result
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import StageProject


def solve_stages(
    project: Project, stages: Sequence[StageProject], io: IO, request: LockRequest
) -> dict[str, Result]:
    """Solve stages and write their locks; an error of one leaves the others."""
    results: dict[str, Result] = {}
    tasks: dict[str, StageTask] = {}
    with ExitStack() as folders:
        for stage in stages:
            # Poetry looks relative paths up from the stage's folder, which has to exist for that.
            folders.enter_context(files.folder(stage.lock.parent))
            try:
                tasks[stage.name] = _task(project, stage, stages, request)
            except FtiError as error:
                results[stage.name] = error
        _leave_tied(project, tasks, results)
        outcomes = _solve(project, list(tasks.values()), io, request)
        for stage in stages:
            if stage.name in outcomes:
                results[stage.name] = _locked(stage, outcomes[stage.name], request)
    return results


def _leave_tied(project: Project, tasks: dict[str, StageTask], results: dict[str, Result]) -> None:
    """Do not solve stages that a rule ties to one that cannot be solved."""
    for group in tied([*tasks, *results], project.rules):
        failed = [name for name in group if name in results]
        for name in group if failed else ():
            tasks.pop(name, None)
            message = f"not locked: a rule in tool.fti.align ties it to {failed[0]}, which failed"
            results.setdefault(name, FtiError(message))


def _solve(
    project: Project, tasks: Sequence[StageTask], io: IO, request: LockRequest
) -> dict[str, Outcome]:
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
        project_solver(tasks, rules, project.poetry.pool, quiet(io), aligned=aligned) as solving,
        progress(io, f"Locking {counted(len(tasks), 'stage')}"),
    ):
        if solving.notice:
            io.write_error_line(f"<warning>{escape(solving.notice)}</warning>")
        return solving.solve(fixed)


def _task(
    project: Project, stage: StageProject, solved: Sequence[StageProject], request: LockRequest
) -> StageTask:
    """Return what is to be solved; raises FtiError for a lock that cannot be read."""
    anew = request.regenerate and request.ignores(stage)
    if stage.quick_status.state == "broken" and not (stage.quick_status.is_merging or anew):
        raise FtiError(stage.problem())
    stage.root()  # what is wrong with it is wrong before anything is solved
    siblings = [
        each
        for each in project.stages
        if each is not stage and not (request.ignores(each) and each in solved)
    ]
    others = pins(each.pins for each in siblings)
    if not request.ignores(stage):
        others += pins([project.pins])
    return StageTask(
        name=stage.name,
        root=stage.root,
        write=stage.solved,
        targets=stage.stage.targets,
        overrides=stage.stage.overrides,
        pins=() if request.ignores(stage) else _own_pins(stage),
        others=others if request.aligned and request.latest is None else (),
        latest=_latest(project, stage, request),
        is_tied=any(stage.name in rule.stages for rule in project.rules),
    )


def _latest(
    project: Project, stage: StageProject, request: LockRequest
) -> Collection[NormalizedName]:
    """Return packages whose pins are not kept: in a tied stage those that move in the other."""
    if request.latest is None or stage.name in request.stages:
        return request.latest or ()
    stages = [each.name for each in project.stages]
    return frozenset(
        name
        for name in request.latest or stage.versions
        for group in tied(stages, [rule for rule in project.rules if rule.binds(name)])
        if stage.name in group and not request.stages.isdisjoint(group)
    )


def _own_pins(stage: StageProject) -> Sequence[Package]:
    if stage.quick_status.is_merging:
        return pins([stage.pins])
    return own_pins(stage.locker) if stage.quick_status.state != "missing" else ()


def _locked(stage: StageProject, outcome: Outcome, request: LockRequest) -> Result:
    if isinstance(outcome, FtiError):
        return outcome
    lock = outcome.written.lock
    first, before = not stage.quick_status.is_readable, stage.versions
    if not request.dry_run:
        stage.write(lock)
    after = versions_by_name(lock.packages)
    return Locked(
        packages=count(after),
        first=first,
        changes=changes({} if first else before, after),
        seconds=outcome.seconds,
        warnings=outcome.written.warnings,
        saving=outcome.written.saving,
    )
