"""Assignment of stages to workers: in this process, or in a process for each CPU core."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from poetry_fti.agreement.rules import tied
from poetry_fti.bridge.index.monitoring.monitored import close_connections
from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay
from poetry_fti.bridge.internals.index import can_replace_release_cache
from poetry_fti.bridge.internals.listing import plain_path_notice
from poetry_fti.bridge.solving.workers.local import LocalWorker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.solving.solver_output import SolverOutput
    from poetry_fti.bridge.solving.variants.variant import StageTask
    from poetry_fti.bridge.solving.workers.messages import Worker
    from poetry_fti.model.rule import Rule

_MIN_CORES: Final = 2
# The largest stage takes longest, so that more processes gain little, and each needs memory.
_MAX_PROCESSES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverOptions:
    """How stages are solved.

    With `aligned` they prefer each other's versions. With an `output`, which receives the solver's
    commentary, all are solved in this process, so that the commentary comes in order. Otherwise
    they are solved in several processes if there are cores for them, and a single stage in another
    process if this one `is_busy` meanwhile.
    """

    aligned: bool
    output: SolverOutput | None = None
    is_busy: bool = True


def open_workers(
    tasks: Sequence[StageTask],
    rules: Sequence[Rule],
    pool: RepositoryPool,
    options: SolverOptions,
) -> dict[str, Worker]:
    """Return the worker of each stage, in the order of the tasks; callers close the workers.

    Stages that rules bind together have the same worker. No thread may be running yet. If
    `plain_path_notice` gives a reason, stages are solved through Poetry's public interface.
    """
    output, aligned = options.output, options.aligned
    # Each kind of worker is imported when it is needed: multiprocessing is slow to import.
    if plain_path_notice() is not None:
        from poetry_fti.bridge.solving.workers.plain import PlainWorker  # noqa: PLC0415

        plain = PlainWorker(tasks, pool, output, aligned=aligned)
        return {task.name: plain for task in tasks}
    by_name = {task.name: task for task in tasks}
    groups = [[by_name[name] for name in group] for group in tied(list(by_name), rules)]
    cores, under_way = _usable_cores(), RequestsUnderWay()
    # Poetry's own cache complains about a file that another process has written in part.
    is_alone = len(tasks) == 1 and not options.is_busy
    if is_alone or cores < _MIN_CORES or output is not None or not can_replace_release_cache():
        worker = LocalWorker(tasks, pool, output, under_way, aligned=aligned)
        return {task.name: worker for task in tasks}
    from poetry_fti.bridge.solving.workers.process import ProcessWorker  # noqa: PLC0415

    # Processes that read answers from one connection would mix them up.
    close_connections(pool)
    found: dict[str, Worker] = {}
    for share in _shares(groups, min(len(groups), cores)):
        process = ProcessWorker(share, pool, under_way, aligned=aligned)
        found |= dict.fromkeys([task.name for task in share], process)
    return {task.name: found[task.name] for task in tasks}


def _shares(groups: Sequence[Sequence[StageTask]], number: int) -> list[list[StageTask]]:
    """Return the tasks in up to a number of shares of similar size; groups stay together."""
    shares: list[list[StageTask]] = [[] for _ in range(number)]
    totals = [0] * number
    sized = [(sum(task.size for task in group), group) for group in groups]
    for size, group in sorted(sized, key=itemgetter(0), reverse=True):
        smallest = totals.index(min(totals))
        shares[smallest].extend(group)
        totals[smallest] += size
    return [share for share in shares if share]


def _usable_cores() -> int:
    # The system libraries of macOS may crash after a fork; Windows has no fork.
    if sys.platform in ("darwin", "win32"):
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(cores, _MAX_PROCESSES)
