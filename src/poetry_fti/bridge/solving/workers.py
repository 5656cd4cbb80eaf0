"""Where stages are solved: over the same pages and metadata, in this process or in its own."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import deque
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from cleo.io.null_io import NullIO
from poetry.core.constraints.version import parse_constraint

from poetry_fti.agreement.rules import tied
from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.index.monitor import keep_connections, monitored
from poetry_fti.bridge.index.pool import exact_pool, shared_pool
from poetry_fti.bridge.index.prefetch import CONNECTIONS, Prefetcher, environments
from poetry_fti.bridge.markers import Narrowing
from poetry_fti.bridge.solving.resolver import Resolver
from poetry_fti.bridge.solving.rule_preferences import agree
from poetry_fti.bridge.solving.stage_solver import StageSolver
from poetry_fti.bridge.solving.variant import Variant
from poetry_fti.errors import FtiError, IndexFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from cleo.io.io import IO
    from poetry.repositories import RepositoryPool

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.variant import Preferences, StageTask
    from poetry_fti.model import Rule, Targets

# What a method of a stage returned, or how it failed; and the time spent on the stage so far.
Answer: TypeAlias = tuple[Any, float]

_TOGETHER: Final = 2
# More processes gain little, as the largest stage takes the longest, and take memory.
_MOST: Final = 4
NOT_TRIED: Final = FtiError("not tried: it would wait for the same server")


class Worker(Protocol):
    """Solves stages: each question gets its answer, in the order of the questions."""

    def ask(self, stage: str, method: str, *arguments: object) -> None:
        """Have a method of a stage called."""
        ...

    def answer(self) -> Answer:
        """Return the next answer."""
        ...

    def close(self) -> None:
        """Stop all that is going on."""
        ...


class LocalWorker:
    """Stages that are solved one after the other in this process."""

    def __init__(
        self, tasks: Sequence[StageTask], pool: RepositoryPool, io: IO, *, scout: bool
    ) -> None:
        """Prepare the stages; with `scout` those without platforms can be aligned, too."""
        # Poetry's solver would repeat its warnings with every solve.
        self._io = io if io.is_verbose() else NullIO()
        self._open = ExitStack()
        self._open.enter_context(_without_garbage_collection())
        keep_connections(pool, CONNECTIONS + 1)  # the solver's own
        self._monitor = self._open.enter_context(monitored(pool))
        self._shared = shared_pool(pool, self._monitor)
        self._exact = exact_pool(self._shared)
        self._prefetcher = Prefetcher(self._shared, self._monitor)
        self._monitor.on_wait, self._monitor.on_refusal = (
            self._prefetcher.start,
            self._prefetcher.stop,
        )
        self._stages = {task.name: StageSolver(task, self._part, scout=scout) for task in tasks}
        self._answers = deque[Answer]()
        self._index_failed = False
        for task in tasks:
            self._prefetch_for(task)

    def ask(self, stage: str, method: str, *arguments: object) -> None:
        """Call a method of a stage at once; without a stage, of the workshop itself."""
        solving = self._stages[stage] if stage else None
        try:
            # An index that fails would fail for each stage, after many attempts each.
            if self._index_failed:
                raise NOT_TRIED
            result = getattr(solving or self, method)(*arguments)
        except FtiError as error:
            self._index_failed |= isinstance(error, IndexFailedError)
            result = error
        self._answers.append((result, solving.seconds if solving else 0.0))

    def answer(self) -> Answer:
        """Return what the call returned."""
        return self._answers.popleft()

    def agree(
        self, rules: Sequence[Rule], versions: Mapping[str, Mapping[str, Versions]]
    ) -> dict[str, dict[str, Preferences]]:
        """Return preferences of variants with which the rules hold; raises FtiError.

        `versions` are those that they have so far.
        """
        variants = {stage: self._stages[stage].variants for stage in versions}
        with self._monitor.index_errors():
            return agree(variants, versions, rules, self._io)

    def close(self) -> None:
        """Fetch nothing more."""
        self._prefetcher.stop()
        self._open.close()

    def _prefetch_for(self, task: StageTask) -> None:
        root = task.root()
        self._prefetcher.add_pins(task.pins)
        where = environments(task.targets, str(root.python_constraint))
        self._prefetcher.add_requirements(root.all_requires, where)

    def _part(self, task: StageTask, targets: Targets) -> Variant:
        narrow = None
        if targets.platforms:
            narrow = Narrowing(targets, task.root().python_constraint)
        overrides = {name: parse_constraint(constraint) for name, constraint in task.overrides}
        pool = self._shared if targets.platforms else self._exact
        return Variant(
            Resolver(task.root, pool, MetadataView(narrow, overrides), self._io),
            task,
            self._monitor,
        )


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Do not look for garbage meanwhile: solving leaves little, and looking takes a tenth of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class ProcessWorker:
    """A workshop in a process of its own, which ends when this one does."""

    def __init__(
        self, tasks: Sequence[StageTask], pool: RepositoryPool, io: IO, *, scout: bool
    ) -> None:
        context = get_context("fork")
        self._connection, theirs = context.Pipe()
        arguments = (theirs, tasks, pool, io, scout)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, stage: str, method: str, *arguments: object) -> None:
        """Have a method of a stage called, meanwhile."""
        self._connection.send((stage, method, *arguments))

    def answer(self) -> Answer:
        """Wait for what the call returns; raises what it raised."""
        try:
            result = self._connection.recv()
        except EOFError:
            message = "A process that was solving stages has ended; perhaps memory ran out."
            raise FtiError(message) from None
        if isinstance(result, BaseException):
            raise result
        answer: Answer = result
        return answer

    def close(self) -> None:
        """End the process, without waiting until it has given its memory back."""
        self._process.kill()
        self._connection.close()


def _serve(
    connection: Connection,
    tasks: Sequence[StageTask],
    pool: RepositoryPool,
    io: IO,
    scout: bool,  # noqa: FBT001 - a process is started with positions
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says what to do
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        worker = LocalWorker(tasks, pool, io, scout=scout)
        while True:
            worker.ask(*connection.recv())
            connection.send(worker.answer())
    except EOFError:
        return
    except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
        connection.send(_sendable(error))


def _sendable(error: Exception) -> Exception:
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:  # noqa: BLE001 - an exception may hold anything
        return RuntimeError(str(error))
    return error


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def open_workers(
    tasks: Sequence[StageTask], rules: Sequence[Rule], pool: RepositoryPool, io: IO, *, scout: bool
) -> dict[str, Worker]:
    """Return who solves which stage: several processes where there are cores for them.

    Stages that rules tie together are solved in the same one.
    """
    by_name = {task.name: task for task in tasks}
    groups = [[by_name[name] for name in group] for group in tied(list(by_name), rules)]
    workers = min(len(groups), _cores())
    if workers < _TOGETHER or io.is_verbose():
        worker = LocalWorker(tasks, pool, io, scout=scout)
        return {task.name: worker for task in tasks}
    shares: list[list[StageTask]] = [[] for _ in range(workers)]
    for group in sorted(groups, key=_size, reverse=True):
        min(shares, key=_size).extend(group)
    found: dict[str, Worker] = {}
    for share in shares:
        process = ProcessWorker(share, pool, io, scout=scout)
        found |= dict.fromkeys([task.name for task in share], process)
    return {task.name: found[task.name] for task in tasks}


def _size(tasks: Sequence[StageTask]) -> int:
    return sum(task.size for task in tasks)


def _cores() -> int:
    # Apple's system libraries do not bear a fork; Windows has none.
    if sys.platform in ("darwin", "win32"):
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, _MOST)
