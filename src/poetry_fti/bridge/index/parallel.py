"""Running a function that waits for the network in several threads."""

from __future__ import annotations

from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_parallel(
    function: Callable[[_Item], _Result], items: Iterable[_Item], workers: int
) -> list[_Result]:
    """Return the function's results in the order of the items, computed in up to `workers` threads.

    Raises the exception of the first item that failed. An interrupt ends the wait at once: the
    threads are daemons. ThreadPoolExecutor would join its threads even when the process exits,
    and an unresponsive server would delay that for minutes.
    """
    tasks: list[tuple[Future[_Result], _Item]] = [(Future(), item) for item in items]
    waiting: SimpleQueue[tuple[Future[_Result], _Item]] = SimpleQueue()
    for task in tasks:
        waiting.put(task)

    def work() -> None:
        while True:
            try:
                future, item = waiting.get_nowait()
            except Empty:
                return
            if future.set_running_or_notify_cancel():
                _complete(future, function, item)

    for _ in range(min(workers, len(tasks))):
        Thread(target=work, daemon=True).start()
    try:
        return [future.result() for future, _ in tasks]
    finally:
        for future, _ in tasks:
            future.cancel()


def _complete(future: Future[_Result], function: Callable[[_Item], _Result], item: _Item) -> None:
    try:
        future.set_result(function(item))
    except BaseException as error:  # noqa: BLE001 - `in_parallel` raises it
        future.set_exception(error)
