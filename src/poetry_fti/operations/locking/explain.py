"""Finds out why stages differ where their locks do not show it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from poetry_fti.agreement.comparison import agree, divergences, versions_by_name
from poetry_fti.agreement.deductions import refused_pythons
from poetry_fti.agreement.reasons import Explanation, source_text
from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.bridge.solving.outcome import Solved
from poetry_fti.bridge.solving.workers.messages import FindObstacle
from poetry_fti.errors import FtiError
from poetry_fti.operations.locked import compared_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.comparison import Divergence
    from poetry_fti.bridge.solving.obstacles import Obstacle
    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.bridge.solving.project_solver import ProjectSolver
    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project

# The solver is asked so often at most, each time for a few solves of a stage.
_MOST_QUESTIONS: Final = 12
# An update is tried out for so many packages at most, each time with all stages that have one.
_MOST_UPDATES: Final = 3


def explanations(
    project: Project, solver: ProjectSolver, outcomes: Mapping[str, Outcome]
) -> tuple[Explanation, ...]:
    """Return why stages that have just been solved lack the newest versions of others.

    Only differences are explained whose reason the locks do not show for certain.
    """
    solved = {name: each for name, each in outcomes.items() if isinstance(each, Solved)}
    stages = {each.stage.name: each for each in _compared(project, solved)}
    explainer = _Explainer(solver, stages, frozenset(solved))
    return tuple(explainer.explain(divergences(list(stages.values()))))


def _compared(project: Project, solved: Mapping[str, Solved]) -> Iterator[LockedStage]:
    """Yield the stages to compare, unless they all agree: those solved, and those up to date."""
    fresh = [each for each in project.stages if each.name not in solved and project.is_fresh(each)]
    versions = [locked_by_name(each.lock.packages) for each in solved.values()]
    if agree([*versions, *(stage.locked_versions for stage in fresh)]):
        return
    for stage in project.stages:
        if stage.name in solved:
            yield compared_stage(stage, solved[stage.name].lock.packages)
        elif stage in fresh:
            with suppress(FtiError):  # it cannot be compared
                yield compared_stage(stage, stage.lock.compared)


class _Explainer:
    """Explains differences between stages with the help of the solver."""

    def __init__(
        self, solver: ProjectSolver, stages: Mapping[str, LockedStage], solved: frozenset[str]
    ) -> None:
        self._solver = solver
        self._stages = stages
        self._solved = solved
        self._answers: dict[FindObstacle, Obstacle | None] = {}
        self._updated: dict[NormalizedName, Mapping[str, Sequence[Version]]] = {}

    def explain(self, found: Sequence[Divergence]) -> Iterator[Explanation]:
        """Yield explanations for the stages that the solver has found something out about."""
        self._ask(found)
        for divergence in found:
            for group in divergence.uncertain:
                yield from self._explained(divergence, group)

    def _ask(self, found: Sequence[Divergence]) -> None:
        """Ask for obstacles; of stages with the same versions, one after the other until one has.

        The first questions are about stages of which the locks show nothing.
        """
        groups = [(each, group) for each in found for group in each.uncertain]
        groups.sort(key=lambda item: set(item[0].unexplained).isdisjoint(item[1]))
        waiting = [
            [FindObstacle(s, each.name, each.newest) for s in group if s in self._solved]
            for each, group in groups
        ]
        while waiting := [each for each in waiting if each]:
            now = waiting[: _MOST_QUESTIONS - len(self._answers)]
            asked = [each.pop(0) for each in now]
            if not asked:
                return
            answers = self._solver.obstacles(asked)
            for question, rest, answer in zip(asked, now, answers, strict=True):
                self._answers[question] = answer
                if answer is not None and not answer.is_possible:
                    rest.clear()

    def _explained(self, divergence: Divergence, group: Sequence[str]) -> Iterator[Explanation]:
        """Yield explanations for stages with the same versions."""
        name, newest = divergence.name, divergence.newest
        asked = {stage: self._answers.get(FindObstacle(stage, name, newest)) for stage in group}
        found = {stage: answer for stage, answer in asked.items() if answer is not None}
        obstacles = {
            stage: answer.text or self._unavailable(divergence, stage)
            for stage, answer in found.items()
            if not (answer.is_possible or self._holds_for_others(divergence, group, answer))
        }
        if obstacles:
            for stage in group:
                deduced = {each.text for each in divergence.reasons if each.stage == stage}
                if stage in obstacles or not deduced.issubset(obstacles.values()):
                    yield Explanation(stage, name, newest, obstacles.get(stage, ""))
        elif found:
            is_closed = self._is_closed(divergence, group)
            for stage in group if is_closed else found:
                text = ""
                if is_closed is False:
                    text = found[stage].text or f"no requirement excludes {name} {newest}"
                yield Explanation(stage, name, newest, text, is_closable=bool(is_closed))

    def _holds_for_others(
        self, divergence: Divergence, group: Sequence[str], obstacle: Obstacle
    ) -> bool:
        """Return whether stages have the newest version on some Pythons despite an obstacle."""
        newest = (divergence.name, divergence.newest)
        others = [self._stages[each] for each in divergence.versions[0][1] if each not in group]
        return any(
            obstacle.text in refused_pythons(stage, package, ())
            for stage in others
            for package in stage.packages
            if (package.name, package.version) == newest
        )

    def _unavailable(self, divergence: Divergence, stage: str) -> str:
        """Return why a stage does not find a version that no requirement excludes."""
        name = divergence.name
        siblings = [self._stages[each] for each in divergence.versions[0][1] if each != stage]
        text = source_text(self._stages[stage], siblings, name)
        return text or f"the package sources do not offer {name} {divergence.newest}"

    def _is_closed(self, divergence: Divergence, group: Sequence[str]) -> bool | None:
        """Return whether an update removes the difference of stages with the same versions.

        None means unknown.
        """
        name, first = divergence.name, divergence.versions[0][1]
        if name not in self._updated:
            is_affordable = len(self._updated) < _MOST_UPDATES
            if not (is_affordable and self._solved.issuperset(divergence.stages)):
                return None
            outcomes = self._solver.update(name, divergence.stages)
            self._updated[name] = {
                stage: versions_by_name(outcome.lock.packages).get(name, ())
                for stage, outcome in outcomes.items()
                if isinstance(outcome, Solved)
            }
        others = first if group != first else divergence.stages
        return len({self._updated[name].get(each) for each in (*others, *group)}) == 1
