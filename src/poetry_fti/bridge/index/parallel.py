"""Work that waits for a network, done several at a time."""

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
    """Return the function's results in the order of the items; raises what the first raises.

    An interrupt ends the waiting at once. An executor would join its threads even as the
    process ends, and a server that hangs would hold them for minutes.
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
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
        future.set_exception(error)
