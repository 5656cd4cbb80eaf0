"""Solves stages and writes their locks."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.agreement.comparison import changes, versions_by_name
from poetry_fti.agreement.rules import is_exempt, tied
from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.bridge.internals.listing import plain_path_notice
from poetry_fti.bridge.lock.locked import is_narrowed
from poetry_fti.bridge.lock.preferences import (
    from_known_indexes,
    preferred_packages,
    with_imported_versions,
)
from poetry_fti.bridge.lock.solved_lock import make_lock
from poetry_fti.bridge.project.groups import ignored_requirements
from poetry_fti.bridge.solving.outcome import tied_to
from poetry_fti.bridge.solving.project_solver import project_solver
from poetry_fti.bridge.solving.solver_output import SolverOutput
from poetry_fti.bridge.solving.variants.variant import StageTask
from poetry_fti.bridge.solving.workers.assignment import SolverOptions
from poetry_fti.config.messages import stage_path
from poetry_fti.errors import ChangedFileError, ConfigError, FtiError
from poetry_fti.operations.locking.explain import explanations
from poetry_fti.operations.locking.origin_rules import require_one_origin
from poetry_fti.operations.locking.request import LockResult, count
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.bridge.solving.project_solver import ProjectSolver
    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.locking.request import LockRequest
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def solve_stages(
    project: Project, stages: Sequence[ProjectStage], request: LockRequest, feedback: Feedback
) -> dict[str, LockResult]:
    """Solve stages, write their locks and return the result of each stage by its name.

    If a stage cannot be solved, its result has an `error`. Raises ConfigError if Poetry rejects the
    pyproject.toml.
    """
    project.poetry.load_unvalidated()
    with ExitStack() as folders:
        for stage in stages:
            # Poetry resolves relative paths from the stage's folder, which has to exist.
            folders.enter_context(files.folder(stage.path.parent))
        tasks, results = _tasks(project, stages, request)
        _drop_tied(project, tasks, results)
        return results | _solve(project, list(tasks.values()), request, feedback)


def _tasks(
    project: Project, stages: Sequence[ProjectStage], request: LockRequest
) -> tuple[dict[str, StageTask], dict[str, LockResult]]:
    """Return the tasks of stages by name, and the results of those that cannot be solved."""
    try:
        made = {stage.name: _task_or_error(project, stage, stages, request) for stage in stages}
    except Exception:
        project.require_accepted()  # what Poetry rejects is reported by Poetry
        raise
    results = {name: LockResult(error=e) for name, e in made.items() if isinstance(e, FtiError)}
    if results:
        project.require_accepted()
    return {name: task for name, task in made.items() if not isinstance(task, FtiError)}, results


def _task_or_error(
    project: Project,
    stage: ProjectStage,
    solved: Sequence[ProjectStage],
    request: LockRequest,
) -> StageTask | FtiError:
    try:
        return stage_task(project, stage, solved, request)
    except FtiError as error:
        return error


def _drop_tied(
    project: Project, tasks: dict[str, StageTask], results: dict[str, LockResult]
) -> None:
    """Remove the tasks of stages that a rule ties to a failed one; add their results."""
    for group in tied([*tasks, *results], project.rules):
        failed = [name for name in group if name in results]
        for name in group if failed else ():
            tasks.pop(name, None)
            results.setdefault(name, LockResult(error=tied_to(failed[0])))


def _solve(
    project: Project, tasks: Sequence[StageTask], request: LockRequest, feedback: Feedback
) -> dict[str, LockResult]:
    if not tasks:
        return {}
    title = f"Locking {counted(len(tasks), 'stage')}"
    with solving(project, tasks, request, feedback, title) as (solver, outcomes):
        results = {
            stage.name: _locked(stage, outcomes[stage.name], request)
            for stage in project.stages
            if stage.name in outcomes
        }
        # Without alignment stages differ for no reason; a dry run is not followed by a comparison.
        if request.aligned and not request.dry_run:
            with suppress(FtiError):  # the locks have been written
                for each in explanations(project, solver, outcomes):
                    own = results[each.stage]
                    results[each.stage] = replace(own, explanations=(*own.explanations, each))
        return results


@contextmanager
def solving(
    project: Project,
    tasks: Sequence[StageTask],
    request: LockRequest,
    feedback: Feedback,
    title: str,
) -> Iterator[tuple[ProjectSolver, dict[str, Outcome]]]:
    """Solve stages, and yield the outcome of each with the solver, which is closed at the end.

    `title` says what is done, for the progress. Raises ConfigError if Poetry rejects the
    pyproject.toml.
    """
    names = {task.name for task in tasks}
    others = [
        stage
        for stage in project.stages
        if request.latest is None and stage.name not in names and project.is_fresh(stage)
    ]
    rules = [rule for rule in project.rules if names.issuperset(rule.stages)]
    aligned = request.aligned and len(tasks) + len(others) > 1
    if notice := plain_path_notice():
        feedback.notice(notice)
    options = SolverOptions(
        aligned=aligned,
        output=_output(feedback),
        is_busy=not project.is_accepted,  # validating takes as long as solving a small stage
    )
    rules_and_exemptions = [*rules, *project.exemptions]
    with project_solver(tasks, rules_and_exemptions, project.poetry.pool, options) as solver:
        solver.begin()
        # While other processes solve:
        project.require_accepted()
        fixed = {stage.name: stage.versions for stage in others}
        with feedback.progress(title, lambda: {each.name: each.progress.state for each in tasks}):
            yield solver, require_one_origin(solver.solve(fixed), rules)


def _output(feedback: Feedback) -> SolverOutput | None:
    """Return the receiver of the solver's log, or None if `verbosity` is 0."""
    return SolverOutput(feedback.detail, feedback.verbosity) if feedback.verbosity else None


def stage_task(
    project: Project,
    stage: ProjectStage,
    solved: Sequence[ProjectStage],
    request: LockRequest,
) -> StageTask:
    """Return the solver's input for a stage; `solved` are all stages that are to be solved.

    Raises FtiError for a lock that cannot be read.
    """
    status = project.quick_status(stage)
    from_scratch = request.regenerate and request.ignores(stage.name)
    if status.state == "broken" and not (status.is_merging or from_scratch):
        raise FtiError(project.problem(stage))
    _require_not_excluded(stage)
    project.poetry.require_sources(stage.derived.package())
    siblings = [
        each
        for each in project.stages
        if each is not stage and not (request.ignores(each.name) and each in solved)
    ]
    others = preferred_packages(each.lock.pins for each in siblings)
    if not request.ignores(stage.name):
        others += preferred_packages([project.pins])
    others = [pin for pin in others if not is_exempt(stage.name, pin.name, project.exemptions)]
    imported = request.imported if stage.name in request.stages else ()
    pins = (
        ()
        if request.ignores(stage.name)
        else with_imported_versions(stage.lock.preferred(), imported)
    )
    pool = project.poetry.pool
    return StageTask(
        name=stage.name,
        root=stage.derived.package,
        make_lock=partial(make_lock, stage.derived, stage.lock.locker),
        targets=stage.stage.targets,
        overrides=stage.stage.overrides,
        exclude=stage.stage.exclude,
        constraints=stage.stage.constraints,
        pins=from_known_indexes(pins, pool),
        other_pins=from_known_indexes(others, pool)
        if request.aligned and request.latest is None
        else (),
        latest=_latest(project, stage, request),
        builds=request.builds and not stage.stage.no_build,
        wheels_only=stage.stage.no_build,
        is_narrowed=is_narrowed(stage.stage),
        is_bound=any(stage.name in rule.stages for rule in project.rules),
    )


def _require_not_excluded(stage: ProjectStage) -> None:
    """Raise ConfigError if a stage excludes a package that pyproject.toml itself requires."""
    direct: set[NormalizedName] = set()
    with suppress(ValueError):  # solving reports requirements that Poetry rejects
        direct = {each.name for each in stage.requirements} if stage.stage.exclude else direct
    for index, name in enumerate(stage.stage.exclude):
        if name in direct:
            path = f"{stage_path(stage.name, 'exclude')}[{index}]"
            raise ConfigError(
                f"{path}: pyproject.toml itself requires {name} in this stage; only what other"
                " packages require can be excluded"
            )


def _latest(
    project: Project, stage: ProjectStage, request: LockRequest
) -> Collection[NormalizedName]:
    """Return the packages of a stage to update; in a tied stage, those that a rule binds."""
    if request.latest is None or stage.name in request.stages:
        return request.latest or ()
    stages = [each.name for each in project.stages]
    return frozenset(
        name
        for name in request.latest or stage.versions
        for group in tied(stages, [rule for rule in project.rules if rule.binds(name)])
        if stage.name in group and not request.stages.isdisjoint(group)
    )


def _locked(stage: ProjectStage, outcome: Outcome, request: LockRequest) -> LockResult:
    if isinstance(outcome, FtiError):
        return LockResult(error=outcome)
    lock = outcome.lock
    is_first = not stage.lock.quick_status.is_readable
    before = {} if is_first else stage.locked_versions
    if not request.dry_run:
        try:
            stage.write(lock)
        except ChangedFileError as error:
            return LockResult(error=error)
    return LockResult(
        packages=count(versions_by_name(lock.packages)),
        is_first=is_first,
        changes=changes(before, locked_by_name(lock.packages)),
        seconds=outcome.seconds,
        warnings=(*outcome.warnings, *ignored_requirements(stage.derived)),
        notes=outcome.notes,
        saving=outcome.saving,
        held_back=outcome.held_back,
        added=outcome.added,
        unfinished=outcome.unfinished,
    )
