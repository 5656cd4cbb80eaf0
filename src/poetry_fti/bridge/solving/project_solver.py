"""Solving several stages so that they agree wherever they can."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from poetry_fti.agreement.alignment import Participant, align
from poetry_fti.agreement.rules import hold, tied
from poetry_fti.bridge.internals.listing import plain_path_notice
from poetry_fti.bridge.solving.outcome import Solved
from poetry_fti.bridge.solving.plain_solver import plain_solver
from poetry_fti.bridge.solving.variant import Preferences
from poetry_fti.bridge.solving.workers import NOT_TRIED, open_workers
from poetry_fti.errors import FtiError, IndexFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.alignment import Versions
    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.bridge.solving.plain_solver import PlainSolver
    from poetry_fti.bridge.solving.variant import StageTask
    from poetry_fti.bridge.solving.workers import Worker
    from poetry_fti.model import Rule


@dataclass(frozen=True, slots=True)
class _WorkerVariant:
    """A variant of a stage, for the alignment."""

    worker: Worker
    stage: str
    variant: str

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        self.worker.ask(self.stage, "attempt", self.variant, name, wanted)
        found, _ = self.worker.answer()
        # An index that fails now leaves the stage as it is on its own.
        return None if isinstance(found, FtiError) else found


class ProjectSolver:
    """Stages to be solved, each where it is solved; see `project_solver`."""

    notice: ClassVar[str | None] = None

    def __init__(
        self, workers: Mapping[str, Worker], rules: Sequence[Rule], *, aligned: bool
    ) -> None:
        self._shops = workers
        self._rules = rules
        self._aligned = aligned
        self._seconds: dict[str, float] = {}

    def solve(self, fixed: Sequence[Versions]) -> dict[str, Outcome]:
        """Solve all stages; an error of one leaves the others. `fixed` are other stages' versions.

        If stages are to be aligned, all get the same version of a package that can have it. Rules
        hold in any case.
        """
        outcomes: dict[str, Outcome] = {}
        participants: dict[str, dict[str, Participant]] = {}
        for stage, first in self._each(dict.fromkeys(self._shops, ("first",)), outcomes):
            participants[stage] = {
                variant: Participant(_WorkerVariant(self._shops[stage], stage, variant), versions)
                for variant, versions in first.items()
            }
        self._align(participants, fixed)
        preferences = {
            stage: {
                variant: Preferences.of(resolver.preferred)
                for variant, resolver in variants.items()
            }
            for stage, variants in participants.items()
        }
        for group in tied(list(self._shops), self._rules):
            self._agree(group, participants, preferences, outcomes)
        questions = {stage: ("written", preferences) for stage, preferences in preferences.items()}
        for stage, written in self._each(questions, outcomes):
            outcomes[stage] = Solved(written, self._seconds[stage])
        return outcomes

    def _align(
        self, stages: Mapping[str, Mapping[str, Participant]], fixed: Sequence[Versions]
    ) -> None:
        if self._aligned:
            participants = [
                resolver for variants in stages.values() for resolver in variants.values()
            ]
            align([*participants, *(Participant(None, versions) for versions in fixed)])
        else:
            for variants in stages.values():
                align(list(variants.values()))

    def _agree(
        self,
        group: Sequence[str],
        participants: Mapping[str, Mapping[str, Participant]],
        preferences: dict[str, dict[str, Preferences]],
        outcomes: dict[str, Outcome],
    ) -> None:
        """Prefer in tied stages what the rules demand, or let these stages fail together."""
        rules = [rule for rule in self._rules if not set(group).isdisjoint(rule.stages)]
        failed = [stage for stage in group if stage not in participants]
        versions = {
            stage: {variant: resolver.versions for variant, resolver in participants[stage].items()}
            for stage in group
            if stage in participants
        }
        if not rules or (
            not failed
            and hold(rules, {name: list(variants.values()) for name, variants in versions.items()})
        ):
            return
        if not failed:
            worker = self._shops[group[0]]
            worker.ask("", "agree", rules, versions)
            answer, _ = worker.answer()
            if not isinstance(answer, FtiError):
                preferences |= answer
                return
            names = " and ".join(group)
            outcomes[group[0]] = FtiError(
                f"{names} cannot agree as tool.fti.align demands:\n{answer}"
            )
            failed = [group[0]]
        for stage in group:
            preferences.pop(stage, None)
            tie = f"not locked: a rule in tool.fti.align ties it to {failed[0]}, which failed"
            outcomes.setdefault(stage, FtiError(tie))

    def _each(
        self, questions: Mapping[str, tuple[object, ...]], outcomes: dict[str, Outcome]
    ) -> Iterator[tuple[str, Any]]:
        """Ask all stages, and yield the answers; an error becomes the stage's outcome."""
        for stage, (method, *arguments) in questions.items():
            self._shops[stage].ask(stage, str(method), *arguments)
        index_failed = False
        for stage in questions:
            answer, seconds = self._shops[stage].answer()
            self._seconds[stage] = seconds
            if not isinstance(answer, FtiError):
                yield stage, answer
                continue
            # One failure is enough, however many processes have waited for it.
            outcomes[stage] = NOT_TRIED if index_failed else answer
            index_failed |= isinstance(answer, IndexFailedError)


@contextmanager
def project_solver(
    tasks: Sequence[StageTask],
    rules: Sequence[Rule],
    pool: RepositoryPool,
    io: IO,
    *,
    aligned: bool,
) -> Iterator[ProjectSolver | PlainSolver]:
    """Prepare to solve stages, in processes of their own if that helps.

    No thread may run yet in this one. With `aligned` they prefer the versions of each other.
    Where `plain_path_notice` gives a reason, they are solved through Poetry's public interface.
    """
    if plain_path_notice() is not None:
        with plain_solver(tasks, rules, pool, io, aligned=aligned) as plain:
            yield plain
        return
    workers = open_workers(tasks, rules, pool, io, scout=aligned)
    try:
        yield ProjectSolver(workers, rules, aligned=aligned)
    finally:
        for worker in {id(worker): worker for worker in workers.values()}.values():
            worker.close()
