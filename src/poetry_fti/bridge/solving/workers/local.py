"""A worker that solves its stages in this process, over pages and metadata read once."""

from __future__ import annotations

import gc
from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from poetry_fti.bridge.index.direct import direct_requests
from poetry_fti.bridge.index.monitoring.monitored import keep_connections, monitored
from poetry_fti.bridge.index.pool import exact_pool, shared_pool, static_pool
from poetry_fti.bridge.index.prefetch.prefetcher import CONNECTIONS, Prefetcher, environments
from poetry_fti.bridge.internals.search import quick_search
from poetry_fti.bridge.internals.solver import indexed_nodes
from poetry_fti.bridge.solving.resolver import Resolver
from poetry_fti.bridge.solving.solver_output import solver_io
from poetry_fti.bridge.solving.stage_solver import StageSolver
from poetry_fti.bridge.solving.variants.variant import Variant
from poetry_fti.bridge.solving.workers.views import root_on, view_for
from poetry_fti.errors import FtiError
from poetry_fti.urls import public_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay
    from poetry_fti.bridge.solving.solver_output import SolverOutput
    from poetry_fti.bridge.solving.variants.variant import Preferences, StageTask
    from poetry_fti.bridge.solving.variants.variant_targets import VariantTargets
    from poetry_fti.bridge.solving.workers.messages import Message
    from poetry_fti.model.rule import Rule

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class HandledReply(Generic[_Answer]):
    """The reply to a message that has been handled; `value` is the answer or the FtiError."""

    value: _Answer | FtiError

    def get(self) -> _Answer | FtiError:
        """Return the answer or the FtiError."""
        return self.value


class InProcessWorker(ABC):
    """Handles messages at once, in this process; see `messages.Worker`."""

    is_concurrent: Final = False

    def __init__(self, stages: Mapping[str, StageSolver]) -> None:
        """Take the solvers of the stages by name."""
        self._stages = stages

    def send(self, message: Message[_Answer]) -> HandledReply[_Answer]:
        """Handle a message at once."""
        try:
            return HandledReply(message.handle(self))
        except FtiError as error:
            return HandledReply(error)
        except (AssertionError, RuntimeError, ValueError) as error:
            return HandledReply(_failure(error))

    def stage(self, name: str) -> StageSolver:
        """Return the solver of a stage."""
        return self._stages[name]

    @abstractmethod
    def preferences_for_rules(
        self, rules: Sequence[Rule], versions: Mapping[str, Mapping[str, Versions]], /
    ) -> Mapping[str, Mapping[str, Preferences]]:
        """Return preferences that satisfy the rules, by stage and variant; raises FtiError."""

    @abstractmethod
    def close(self) -> None:
        """Stop all work, and release the worker's resources."""


def _failure(error: Exception) -> FtiError:
    """Return the error of a stage for one that Poetry's solver does not expect."""
    text = f"Poetry's solver failed: {public_text(str(error).strip())} ({type(error).__name__})"
    failure = FtiError(text)
    failure.__cause__ = error
    return failure


class LocalWorker(InProcessWorker):
    """Solves stages one after the other in this process; see `messages.Worker`."""

    def __init__(
        self,
        tasks: Sequence[StageTask],
        pool: RepositoryPool,
        output: SolverOutput | None,
        under_way: RequestsUnderWay,
        *,
        aligned: bool,
    ) -> None:
        """Prepare the stages of `tasks`; if `aligned`, for agreement with each other.

        Workers in other processes have the same `under_way`.
        """
        self._io = solver_io(output)
        self._resources = ExitStack()
        self._resources.enter_context(_without_garbage_collection())
        self._resources.enter_context(indexed_nodes())
        self._resources.enter_context(quick_search())
        connections = CONNECTIONS + 1  # one more for the solver itself
        keep_connections(pool, connections)
        self._resources.enter_context(direct_requests(pool, connections))
        self._monitor = self._resources.enter_context(monitored(pool))
        self._shared = shared_pool(pool, self._monitor, under_way)
        self._exact = exact_pool(self._shared)
        self._prefetcher = Prefetcher(self._shared, self._monitor)
        self._under_way = under_way
        self._monitor.on_wait = self._begin_prefetching
        self._monitor.on_refusal = self._prefetcher.stop
        self._monitor.on_release = self._prefetcher.follow_release
        super().__init__(
            {task.name: StageSolver(task, self._variant, aligned=aligned) for task in tasks}
        )
        self._progress = [task.progress for task in tasks]
        self._monitor.on_page_begin = self._begin_page
        self._monitor.on_page_end = self._end_page
        for task in tasks:
            self._add_to_prefetcher(task)

    def preferences_for_rules(
        self, rules: Sequence[Rule], versions: Mapping[str, Mapping[str, Versions]]
    ) -> Mapping[str, Mapping[str, Preferences]]:
        """Return preferences that satisfy the rules, by stage and variant; raises FtiError."""
        from poetry_fti.bridge.solving.rules.preferences import (  # noqa: PLC0415 - slow
            preferences_for_rules,
        )

        variants = {stage: self._stages[stage].variants for stage in versions}
        with self._monitor.index_errors():
            return preferences_for_rules(variants, versions, rules, self._io)

    def close(self) -> None:
        """Stop prefetching, and restore what this worker changed in the process."""
        self._prefetcher.stop()
        self._resources.close()

    def _begin_prefetching(self) -> None:
        self._under_way.enable()
        self._prefetcher.start()

    def _begin_page(self) -> None:
        for each in self._progress:
            each.begin_page()

    def _end_page(self) -> None:
        for each in self._progress:
            each.end_page()

    def _add_to_prefetcher(self, task: StageTask) -> None:
        root = task.root()
        self._prefetcher.add_pins(task.pins)
        where = environments(task.targets, str(root.python_constraint))
        self._prefetcher.add_requirements(root.all_requires, where)

    def _variant(self, task: StageTask, where: VariantTargets) -> Variant:
        pool = self._shared if where.targets.platforms else self._exact
        pool = pool if task.builds else static_pool(pool)
        root = partial(root_on, task, where)
        resolver = Resolver(root, pool, view_for(task, where), self._io)
        return Variant(resolver, task, self._monitor)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Disable the cyclic garbage collector: it finds little while solving, for a tenth of the time.

    It is enabled again at the end, if it was before.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
