"""Solves the stages that have a package: as an update does, and for newer versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.operations.locking.solve import solving, stage_task
from poetry_fti.operations.why.dry_run import dry_run, solved_update
from poetry_fti.operations.why.excluded import excluded_version
from poetry_fti.operations.why.report import Agreement, NewestIn, Update
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.bridge.solving.exclusion.possibility import Offered, Possibility
    from poetry_fti.bridge.solving.project_solver import ProjectSolver
    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.locking.lock import LockRequest
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.operations.why.dry_run import DryRun


class Search:
    """A search for what prevents newer versions of the package `name` in stages that have it."""

    def __init__(
        self,
        project: Project,
        name: NormalizedName,
        having: Sequence[ProjectStage],
        feedback: Feedback,
    ) -> None:
        self._project = project
        self._name = name
        self._having = having
        self._feedback = feedback
        self._offered: Mapping[str, Offered] = {}
        # The newest version that a stage can have, if an update of the package does not give it.
        self._goals: dict[str, Version] = {}
        self._answers: dict[tuple[str, Version], Possibility] = {}

    def found(
        self,
        to_solve: Sequence[ProjectStage],
        request: LockRequest,
        wanted: Sequence[ProjectStage],
    ) -> dict[str, NewestIn]:
        """Return what prevents newer versions in the `wanted` stages, by their names.

        `request` is that of an update of the package, and `to_solve` are the stages that it solves.
        Raises FtiError if one of them cannot be solved.
        """
        project = self._project
        project.require_accepted()
        tasks = [stage_task(project, stage, to_solve, request) for stage in to_solve]
        title = f"Solving {counted(len(tasks), 'stage')} for newer versions of {self._name}"
        with solving(project, tasks, request, self._feedback, title) as (solver, outcomes):
            first = solved_update(project, self._name, outcomes)
            self._offered = solver.newest(self._name)
            for stage in wanted:
                self._find_out(solver, stage, first)
        runs = [first, *self._further(wanted, first)]
        return {stage.name: self._newest_in(stage, runs) for stage in wanted}

    def _find_out(self, solver: ProjectSolver, stage: ProjectStage, first: DryRun) -> None:
        """Find out whether a stage can have the newer versions that an update does not give it."""
        for version in self._newer(stage, first):
            if self._possibility(solver, stage, version).is_possible:
                self._goals[stage.name] = version
                for other in self._having:  # it may be these that cannot have it
                    self._possibility(solver, other, version)
                return

    def _newer(self, stage: ProjectStage, first: DryRun) -> list[Version]:
        """Return the newer versions that an update of the package does not give, descending."""
        reached, newest = first.version(stage, self._name), self._offered[stage.name].newest
        if reached is None:
            return []
        # An update may result in an older version, to agree with other stages.
        reached = max(reached, stage.versions[self._name][0])
        others = {each.versions[self._name][-1] for each in self._having if each is not stage}
        held = first.held(stage, self._name)
        newer = others | ({newest} if newest else set()) | ({held.newer} if held else set())
        return sorted((each for each in newer if each > reached), reverse=True)

    def _possibility(
        self, solver: ProjectSolver, stage: ProjectStage, version: Version
    ) -> Possibility:
        key = stage.name, version
        if key not in self._answers:
            self._answers[key] = solver.possibility(stage.name, self._name, version)
        return self._answers[key]

    def _further(self, wanted: Sequence[ProjectStage], first: DryRun) -> Iterator[DryRun]:
        """Yield dry runs of larger updates, as long as one may result in a newest version."""
        missing = [each for each in wanted if self._is_missed(each, first)]
        goals = {self._goals[each.name] for each in missing}
        moving = {
            change.name
            for (_, version), answer in self._answers.items()
            for change in answer.changes
            if version in goals and change.before
        }
        for names in ([self._name, *sorted(moving - {self._name})], []):
            if not missing:
                return
            run = dry_run(self._project, names, self._feedback)
            yield run
            missing = [
                stage
                for stage in missing
                if self._is_missed(stage, run) and not run.held(stage, self._name)
            ]

    def _is_missed(self, stage: ProjectStage, run: DryRun) -> bool:
        """Return whether an update does not result in a version that the stage can have."""
        goal, version = self._goals.get(stage.name), run.version(stage, self._name)
        return goal is not None and version is not None and version < goal

    def _newest_in(self, stage: ProjectStage, runs: Sequence[DryRun]) -> NewestIn:
        own, *higher = stage.versions[self._name]
        offered = self._offered[stage.name]
        run = next((each for each in runs if not self._is_missed(stage, each)), runs[0])
        reached = run.version(stage, self._name)
        update = None
        if reached is None or reached > own:
            update = Update(command=run.command, version=reached, changes=run.changes[stage.name])
        excluded = [
            excluded_version(self._project, stage, (self._name, version), answer)
            for (name, version), answer in self._answers.items()
            if name == stage.name and not answer.is_possible
        ]
        return NewestIn(
            version=own,
            higher=tuple(higher),
            newest=offered.newest,
            prerelease=offered.prerelease,
            update=update,
            excluded=tuple(each for each in excluded if reached and each.version > reached),
            agreement=self._agreement(stage, runs),
        )

    def _agreement(self, stage: ProjectStage, runs: Sequence[DryRun]) -> Agreement | None:
        """Return with which stages agreement prevents a version, if that is what prevents it."""
        if not all(self._is_missed(stage, run) for run in runs):
            return None
        version = self._goals[stage.name]
        held = runs[-1].held(stage, self._name)
        siblings = [each for each in self._having if held is None or each.name in held.siblings]
        answers = {each: self._answers.get((each.name, version)) for each in siblings}
        return Agreement(
            version=version,
            stages=held.siblings if held else (),
            is_demanded=held is not None and held.is_demanded,
            excluded={
                other.name: excluded_version(self._project, other, (self._name, version), answer)
                for other, answer in answers.items()
                if answer is not None and not answer.is_possible
            },
        )
