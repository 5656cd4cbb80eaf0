"""Stages solved through Poetry's public interface only, which is slower.

Nothing is prefetched, stages are solved one after the other, and each solve reads the metadata
from Poetry's caches again. A stage's own pins and the versions that siblings have are passed to
Poetry's solver as locked packages; see `PlainResolver` for what it does with them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cleo.io.null_io import NullIO
from poetry.core.constraints.version import parse_constraint

from poetry_fti.agreement.alignment import Participant, align
from poetry_fti.agreement.rules import hold, tied
from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.index.monitor import monitored
from poetry_fti.bridge.internals.listing import plain_path_notice
from poetry_fti.bridge.internals.versions import poetry_version, tested_versions
from poetry_fti.bridge.markers import Narrowing
from poetry_fti.bridge.solving.outcome import Solved
from poetry_fti.bridge.solving.plain_resolver import PlainResolver
from poetry_fti.bridge.solving.stage_solver import StageSolver
from poetry_fti.bridge.solving.variant import Preferences, Variant
from poetry_fti.errors import FtiError, IndexFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.package import Package
    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.alignment import Versions
    from poetry_fti.bridge.index.monitor import IndexMonitor
    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.bridge.solving.variant import StageTask
    from poetry_fti.model import Rule, Targets

_Result = TypeVar("_Result")


class PlainSolver:
    """Stages to be solved; `notice` states why they are solved this way."""

    def __init__(
        self,
        tasks: Sequence[StageTask],
        rules: Sequence[Rule],
        make: Callable[[StageTask, Targets], Variant],
        *,
        aligned: bool,
    ) -> None:
        self.notice = plain_path_notice()
        self._tasks = {task.name: task for task in tasks}
        self._rules = rules
        self._make = make
        self._aligned = aligned
        self._stages: dict[str, StageSolver] = {}
        self._participants: dict[str, dict[str, Participant]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._index_failed = False

    def solve(self, fixed: Sequence[Versions]) -> dict[str, Outcome]:
        """Solve all stages; an error of one leaves the others. `fixed` are other stages' versions.

        If stages are to be aligned, all get the same version of a package that can have it. Rules
        that do not hold then are an error.
        """
        for name, task in self._tasks.items():
            self._begin(name, task)
        self._align(list(self._participants), fixed if self._aligned else None)
        for group in tied(list(self._tasks), self._rules):
            self._require_agreement(group)
        for name, participants in self._participants.items():
            preferences = {
                variant: Preferences.of(participant.preferred)
                for variant, participant in participants.items()
            }
            stage = self._stages[name]
            written = self._guarded(name, stage.written, preferences)
            if written is not None:
                self._outcomes[name] = Solved(written, stage.seconds)
        return self._outcomes

    def _begin(self, name: str, task: StageTask) -> None:
        """Solve a stage on its own."""
        stage = self._stages[name] = StageSolver(task, self._make, scout=self._aligned)
        first = self._guarded(name, stage.first)
        if first is not None:
            self._participants[name] = {
                variant: Participant(_PlainVariant(stage, variant), versions)
                for variant, versions in first.items()
            }

    def _guarded(
        self, name: str, function: Callable[..., _Result], *arguments: object
    ) -> _Result | None:
        """Return a function's result; None if it fails, which becomes the stage's outcome."""
        if self._index_failed:  # it would fail again, after many attempts
            self._outcomes[name] = FtiError("not tried: it would wait for the same server")
            return None
        try:
            return function(*arguments)
        except FtiError as error:
            self._index_failed |= isinstance(error, IndexFailedError)
            self._outcomes[name] = error
            return None

    def _align(self, names: Sequence[str], fixed: Sequence[Versions] | None) -> None:
        """Align stages with each other and with `fixed`; without it each only within itself."""
        stages = [list(self._participants[name].values()) for name in names]
        if fixed is None:
            for variants in stages:
                align(variants)
        else:
            everything = [participant for variants in stages for participant in variants]
            align([*everything, *(Participant(None, versions) for versions in fixed)])

    def _require_agreement(self, group: Sequence[str]) -> None:
        """Make rules hold for tied stages, or let these stages fail together."""
        rules = [rule for rule in self._rules if not set(group).isdisjoint(rule.stages)]
        if not rules:
            return
        failed = [name for name in group if name not in self._participants]
        if not failed and not (self._hold(rules, group) or self._agree_anew(rules, group)):
            failed = [name for name in group if name in self._outcomes] or [group[0]]
            self._outcomes.setdefault(group[0], _disagreement(group))
        for name in group if failed else ():
            self._participants.pop(name, None)
            tie = f"not locked: a rule in tool.fti.align ties it to {failed[0]}, which failed"
            self._outcomes.setdefault(name, FtiError(tie))

    def _hold(self, rules: Sequence[Rule], group: Sequence[str]) -> bool:
        versions = {
            name: [participant.versions for participant in self._participants[name].values()]
            for name in group
        }
        return hold(rules, versions)

    def _agree_anew(self, rules: Sequence[Rule], group: Sequence[str]) -> bool:
        """Align tied stages without the pins that rules bind, else without any pins.

        An alignment never gives up a pin.
        """
        tasks = [self._tasks[name] for name in group]
        unbound = [
            _without_pins(task, lambda p: any(r.binds(p.name) for r in rules)) for task in tasks
        ]
        return any(
            self._hold_for(rules, group, each)
            for each in (unbound, [_without_pins(task, lambda _: True) for task in tasks])
        )

    def _hold_for(
        self, rules: Sequence[Rule], group: Sequence[str], tasks: Sequence[StageTask]
    ) -> bool:
        """Return whether rules hold when tied stages are solved and aligned anew."""
        for name, task in zip(group, tasks, strict=True):
            self._participants.pop(name, None)
            self._outcomes.pop(name, None)
            self._begin(name, task)
        if any(name not in self._participants for name in group):
            return False
        self._align(group, ())
        return self._hold(rules, group)


def _without_pins(task: StageTask, dropped: Callable[[Package], bool]) -> StageTask:
    pins = [pin for pin in task.pins if not dropped(pin)]
    return replace(task, pins=pins, others=[pin for pin in task.others if not dropped(pin)])


class _PlainVariant:
    """A variant of a stage, for the alignment."""

    def __init__(self, stage: StageSolver, variant: str) -> None:
        self._stage = stage
        self._variant = variant

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        try:
            return self._stage.attempt(self._variant, name, wanted)
        except FtiError:
            return None


def _disagreement(group: Sequence[str]) -> FtiError:
    return FtiError(
        f"{' and '.join(group)} do not agree as tool.fti.align demands. With Poetry"
        f" {poetry_version()} only versions are compared that a stage finds on its own;"
        f" poetry-fti is tested with Poetry {tested_versions()}."
    )


@contextmanager
def plain_solver(
    tasks: Sequence[StageTask],
    rules: Sequence[Rule],
    pool: RepositoryPool,
    io: IO,
    *,
    aligned: bool,
) -> Iterator[PlainSolver]:
    """Prepare to solve stages in this process; see `project_solver`."""
    quiet = io if io.is_verbose() else NullIO()
    with monitored(pool) as monitor:
        yield PlainSolver(tasks, rules, _variants(pool, quiet, monitor), aligned=aligned)


def _variants(
    pool: RepositoryPool, io: IO, monitor: IndexMonitor
) -> Callable[[StageTask, Targets], Variant]:
    def make(task: StageTask, targets: Targets) -> Variant:
        narrow = None
        if targets.platforms:
            narrow = Narrowing(targets, task.root().python_constraint)
        overrides = {name: parse_constraint(constraint) for name, constraint in task.overrides}
        resolver = PlainResolver(task.root, pool, MetadataView(narrow, overrides), io)
        return Variant(resolver, task, monitor)

    return make
