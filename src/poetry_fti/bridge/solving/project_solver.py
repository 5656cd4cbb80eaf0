"""Solving several stages so that they agree wherever they can."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from poetry_fti.agreement.alignment import Unit, align
from poetry_fti.agreement.rules import hold, tied
from poetry_fti.bridge.solving.variant import Wish
from poetry_fti.bridge.solving.workers import NOT_TRIED, open_shops
from poetry_fti.errors import FtiError, IndexFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.alignment import Versions
    from poetry_fti.bridge.solving.stage_solver import Written
    from poetry_fti.bridge.solving.variant import Task
    from poetry_fti.bridge.solving.workers import Shop
    from poetry_fti.model import Rule


@dataclass(frozen=True, slots=True)
class Solved:
    """A stage's solution as its lock, and the time that it took in seconds."""

    written: Written
    seconds: float


Outcome: TypeAlias = "Solved | FtiError"


@dataclass(frozen=True, slots=True)
class _Participant:
    """A part of a stage, for the alignment."""

    shop: Shop
    stage: str
    part: str

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        self.shop.ask(self.stage, "attempt", self.part, name, wanted)
        found, _ = self.shop.answer()
        # An index that fails now leaves the stage as it is on its own.
        return None if isinstance(found, FtiError) else found


class Engine:
    """Stages to be solved, each where it is solved; see `engine`."""

    def __init__(self, shops: Mapping[str, Shop], rules: Sequence[Rule], *, aligned: bool) -> None:
        self._shops = shops
        self._rules = rules
        self._aligned = aligned
        self._seconds: dict[str, float] = {}

    def solve(self, fixed: Sequence[Versions]) -> dict[str, Outcome]:
        """Solve all stages; an error of one leaves the others. `fixed` are other stages' versions.

        If stages are to be aligned, all get the same version of a package that can have it. Rules
        hold in any case.
        """
        outcomes: dict[str, Outcome] = {}
        units: dict[str, dict[str, Unit]] = {}
        for stage, first in self._each(dict.fromkeys(self._shops, ("first",)), outcomes):
            units[stage] = {
                part: Unit(_Participant(self._shops[stage], stage, part), versions)
                for part, versions in first.items()
            }
        self._align(units, fixed)
        wishes = {
            stage: {part: Wish.of(unit.preferred) for part, unit in parts.items()}
            for stage, parts in units.items()
        }
        for group in tied(list(self._shops), self._rules):
            self._agree(group, units, wishes, outcomes)
        questions = {stage: ("written", wish) for stage, wish in wishes.items()}
        for stage, written in self._each(questions, outcomes):
            outcomes[stage] = Solved(written, self._seconds[stage])
        return outcomes

    def _align(self, stages: Mapping[str, Mapping[str, Unit]], fixed: Sequence[Versions]) -> None:
        if self._aligned:
            units = [unit for parts in stages.values() for unit in parts.values()]
            align([*units, *(Unit(None, versions) for versions in fixed)])
        else:
            for parts in stages.values():
                align(list(parts.values()))

    def _agree(
        self,
        group: Sequence[str],
        units: Mapping[str, Mapping[str, Unit]],
        wishes: dict[str, dict[str, Wish]],
        outcomes: dict[str, Outcome],
    ) -> None:
        """Let stages that rules tie together wish for what the rules demand, or fail together."""
        rules = [rule for rule in self._rules if not set(group).isdisjoint(rule.stages)]
        failed = [stage for stage in group if stage not in units]
        versions = {
            stage: {part: unit.versions for part, unit in units[stage].items()}
            for stage in group
            if stage in units
        }
        if not rules or (
            not failed
            and hold(rules, {name: list(parts.values()) for name, parts in versions.items()})
        ):
            return
        if not failed:
            shop = self._shops[group[0]]
            shop.ask("", "agree", rules, versions)
            answer, _ = shop.answer()
            if not isinstance(answer, FtiError):
                wishes |= answer
                return
            names = " and ".join(group)
            outcomes[group[0]] = FtiError(
                f"{names} cannot agree as tool.fti.align demands:\n{answer}"
            )
            failed = [group[0]]
        for stage in group:
            wishes.pop(stage, None)
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
def engine(
    tasks: Sequence[Task], rules: Sequence[Rule], pool: RepositoryPool, io: IO, *, aligned: bool
) -> Iterator[Engine]:
    """Prepare to solve stages, in processes of their own if that helps.

    No thread may run yet in this one. With `aligned` they prefer the versions of each other.
    """
    shops = open_shops(tasks, rules, pool, io, scout=aligned)
    try:
        yield Engine(shops, rules, aligned=aligned)
    finally:
        for shop in {id(shop): shop for shop in shops.values()}.values():
            shop.close()
