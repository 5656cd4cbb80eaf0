"""Solving the stages of a project so that they agree as far as they can."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from poetry_fti.agreement.alignment import Participant, align
from poetry_fti.agreement.held_back import StageOutcome, added, held_back
from poetry_fti.agreement.rules import hold, tied
from poetry_fti.bridge.solving.attempts.solvable import participant
from poetry_fti.bridge.solving.outcome import DividedError, cannot_agree, tied_to
from poetry_fti.bridge.solving.variants.variant import Preferences
from poetry_fti.bridge.solving.workers.assignment import open_workers
from poetry_fti.bridge.solving.workers.messages import (
    MakeLock,
    PreferencesForRules,
    SolveIndependently,
    not_tried,
)
from poetry_fti.errors import FtiError, IndexFailedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.exclusion.possibility import Offered, Possibility
    from poetry_fti.bridge.solving.obstacles import Obstacle
    from poetry_fti.bridge.solving.outcome import Independent, Outcome, Solved
    from poetry_fti.bridge.solving.variants.variant import StageTask
    from poetry_fti.bridge.solving.workers.assignment import SolverOptions
    from poetry_fti.bridge.solving.workers.messages import FindObstacle, Message, Reply, Worker
    from poetry_fti.model.rule import Rule

_Answer = TypeVar("_Answer")


class ProjectSolver:
    """Solves stages in their workers, and makes them agree; see `project_solver`."""

    def __init__(
        self, workers: Mapping[str, Worker], rules: Sequence[Rule], *, aligned: bool
    ) -> None:
        self._workers = workers
        self._rules = [rule for rule in rules if not rule.is_exemption]
        self._exemptions = [rule for rule in rules if rule.is_exemption]
        self._aligned = aligned
        self._begun: dict[str, Reply[Mapping[str, Independent]]] = {}

    def begin(self) -> None:
        """Let other processes begin with what `solve` would have them do first."""
        self._begun = {
            stage: worker.send(SolveIndependently(stage))
            for stage, worker in self._workers.items()
            if worker.is_concurrent
        }

    def solve(self, fixed: Mapping[str, Versions]) -> dict[str, Outcome]:
        """Return the outcome of each stage: its lock, or the FtiError that it failed with.

        If stages are to be aligned, a package gets the same version in all stages that can have
        it; `fixed` are the versions of stages that are not solved, which the others adopt where
        they can. Rules hold in any case: if they cannot, the stages that they bind fail.
        """
        while True:
            outcomes = self._solve(fixed)
            if not any(isinstance(each, DividedError) for each in outcomes.values()):
                return outcomes

    def _solve(self, fixed: Mapping[str, Versions]) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        participants: dict[str, dict[str, Participant]] = {}
        begun, self._begun = self._begun, {}
        others = {name: SolveIndependently(name) for name in self._workers if name not in begun}
        for stage, variants in _answers(begun | self._sent(others), outcomes):
            worker = self._workers[stage]
            participants[stage] = {
                name: participant(worker, stage, name, found) for name, found in variants.items()
            }
        alone = {
            stage: {name: each.versions for name, each in variants.items()}
            for stage, variants in participants.items()
        }
        self._align(participants, fixed)
        preferences: dict[str, Mapping[str, Preferences]] = {
            stage: {name: _preferences(each) for name, each in variants.items()}
            for stage, variants in participants.items()
        }
        for group in tied(list(self._workers), self._rules):
            self._apply_rules(group, participants, preferences, outcomes)
        locks = {stage: MakeLock(stage, each) for stage, each in preferences.items()}
        solved = dict(_answers(self._sent(locks), outcomes))
        return outcomes | self._with_costs(solved, alone, fixed)

    def _with_costs(
        self,
        solved: Mapping[str, Solved],
        alone: Mapping[str, Mapping[str, Versions]],
        fixed: Mapping[str, Versions],
    ) -> dict[str, Outcome]:
        """Return the outcomes with what agreement costs the stages.

        `alone` are the versions of each variant without regard to other stages.
        """
        compared = {name: [StageOutcome(versions, versions)] for name, versions in fixed.items()}
        for stage, variants in alone.items():
            locked = solved[stage].versions if stage in solved else variants
            compared[stage] = [StageOutcome(each, locked[v]) for v, each in variants.items()]
        return {
            stage: replace(
                each,
                held_back=held_back(stage, compared, self._rules),
                added=added(compared[stage]),
            )
            for stage, each in solved.items()
        }

    def obstacles(self, questions: Sequence[FindObstacle]) -> list[Obstacle | None]:
        """Return the answers to questions about the locks that have been made; None if unknown."""
        replies = [self._workers[each.stage].send(each) for each in questions]
        answers = [reply.get() for reply in replies]
        return [None if isinstance(answer, FtiError) else answer for answer in answers]

    def newest(self, package: NormalizedName) -> dict[str, Offered]:
        """Return the newest releases of a package in the sources of each stage; raises FtiError."""
        from poetry_fti.bridge.solving.exclusion.questions import FindNewest  # noqa: PLC0415 - slow

        replies = {
            stage: worker.send(FindNewest(stage, package))
            for stage, worker in self._workers.items()
        }
        return {stage: _answer(reply) for stage, reply in replies.items()}

    def possibility(self, stage: str, package: NormalizedName, version: Version) -> Possibility:
        """Return whether a stage can have a version of a package, and if not, what excludes it.

        The pins of the stage have to be those of its lock, and `solve` must have been called.
        Raises FtiError if the answer is unknown.
        """
        from poetry_fti.bridge.solving.exclusion.questions import (  # noqa: PLC0415 - slow
            FindPossibility,
        )

        return _answer(self._workers[stage].send(FindPossibility(stage, package, version)))

    def update(self, package: NormalizedName, stages: Collection[str]) -> dict[str, Outcome]:
        """Return what an update of a package would make of the locks that have been made.

        `stages` are those that have the package; those that rules tie to them are updated as well.
        """
        from poetry_fti.bridge.solving.workers.update import UpdatingWorker  # noqa: PLC0415 - slow

        groups = tied(list(self._workers), self._rules)
        names = {name for group in groups if not set(group).isdisjoint(stages) for name in group}
        workers = {
            name: UpdatingWorker(worker, package)
            for name, worker in self._workers.items()
            if name in names
        }
        return ProjectSolver(workers, self._rules, aligned=True).solve({})

    def _align(
        self, stages: Mapping[str, Mapping[str, Participant]], fixed: Mapping[str, Versions]
    ) -> None:
        """Align all stages with each other, or only the variants of each stage."""
        if self._aligned:
            participants = [each for variants in stages.values() for each in variants.values()]
            unsolved = [Participant(name, None, versions) for name, versions in fixed.items()]
            align([*participants, *unsolved], self._exemptions)
        else:
            for variants in stages.values():
                align(list(variants.values()))

    def _apply_rules(
        self,
        group: Sequence[str],
        participants: Mapping[str, Mapping[str, Participant]],
        preferences: dict[str, Mapping[str, Preferences]],
        outcomes: dict[str, Outcome],
    ) -> None:
        """Replace the preferences of stages that rules bind together, unless the rules hold.

        If they cannot hold, or one of the stages has failed, all stages of the group fail.
        """
        rules = [rule for rule in self._rules if not set(group).isdisjoint(rule.stages)]
        if not rules:
            return
        failed = next((stage for stage in group if stage not in participants), None)
        if failed is None:
            found = self._preferences_for_rules(group, rules, participants)
            if not isinstance(found, FtiError):
                preferences |= found
                return
            failed = group[0]
            outcomes[failed] = cannot_agree(group, str(found))
        for stage in group:
            preferences.pop(stage, None)
            outcomes.setdefault(stage, tied_to(failed))

    def _preferences_for_rules(
        self,
        group: Sequence[str],
        rules: Sequence[Rule],
        participants: Mapping[str, Mapping[str, Participant]],
    ) -> Mapping[str, Mapping[str, Preferences]] | FtiError:
        """Return the preferences that have to change for the rules to hold, by stage."""
        versions = {
            stage: {name: each.versions for name, each in participants[stage].items()}
            for stage in group
        }
        if hold(rules, {stage: list(variants.values()) for stage, variants in versions.items()}):
            return {}
        return self._workers[group[0]].send(PreferencesForRules(rules, versions)).get()

    def _sent(self, messages: Mapping[str, Message[_Answer]]) -> dict[str, Reply[_Answer]]:
        return {stage: self._workers[stage].send(each) for stage, each in messages.items()}


def _answers(
    replies: Mapping[str, Reply[_Answer]], outcomes: dict[str, Outcome]
) -> Iterator[tuple[str, _Answer]]:
    """Yield the answers for stages, as they are asked for; errors go to `outcomes`."""
    failed: set[str] = set()
    for stage, reply in replies.items():
        answer = reply.get()
        if not isinstance(answer, FtiError):
            yield stage, answer
            continue
        # The failure of a server is reported once, even if several processes met it.
        server = answer.server if isinstance(answer, IndexFailedError) else ""
        outcomes[stage] = not_tried() if server in failed else answer
        failed |= {server} if server else set()


def _answer(reply: Reply[_Answer]) -> _Answer:
    answer = reply.get()
    if isinstance(answer, FtiError):
        raise answer
    return answer


def _preferences(participant: Participant) -> Preferences:
    """Return the preferences with which a variant gets the versions that it has been aligned to."""
    if not participant.moves:
        return Preferences()
    return Preferences(frozenset(participant.versions.items()), frozenset(participant.versions))


@contextmanager
def project_solver(
    tasks: Sequence[StageTask],
    rules: Sequence[Rule],
    pool: RepositoryPool,
    options: SolverOptions,
) -> Iterator[ProjectSolver]:
    """Yield a solver of the stages in `tasks`, whose workers are closed at the end.

    No other thread may be running yet.
    """
    demands = [rule for rule in rules if not rule.is_exemption]
    workers = open_workers(tasks, demands, pool, options)
    try:
        yield ProjectSolver(workers, rules, aligned=options.aligned)
    finally:
        for worker in {id(worker): worker for worker in workers.values()}.values():
            worker.close()
