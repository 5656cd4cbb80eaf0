"""A cache for several threads that computes the value of each key once."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from poetry_fti.bridge.index.monitoring.monitor import GaveUpError

if TYPE_CHECKING:
    from collections.abc import Callable

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class ComputeOnce(Generic[_Key, _Value]):
    """Values by key; the first thread that needs a value computes it, the others wait for it."""

    def __init__(self) -> None:
        self._futures: dict[_Key, Future[_Value]] = {}
        self._lock = Lock()

    def __contains__(self, key: _Key) -> bool:
        return key in self._futures

    def get(self, key: _Key, compute: Callable[[_Key], _Value]) -> _Value:
        """Return the value of a key; raises the exception that computing it has raised.

        If the computing thread raises GaveUpError, a waiting thread computes the value again.
        """
        mine = False
        future = self._futures.get(key)
        if future is None:
            with self._lock:
                mine = key not in self._futures
                future = self._futures.setdefault(key, Future())
            if mine:
                self._fulfil(future, compute, key)
        try:
            return future.result()
        except GaveUpError:
            if mine:
                raise
            return self.get(key, compute)

    def forget(self, key: _Key) -> None:
        """Remove a key, so that its value is computed again."""
        self._futures.pop(key, None)

    def _fulfil(self, future: Future[_Value], compute: Callable[[_Key], _Value], key: _Key) -> None:
        try:
            future.set_result(compute(key))
        except BaseException as error:  # noqa: BLE001 - `get` raises it in each waiting thread
            if isinstance(error, GaveUpError):
                self.forget(key)  # before the waiting threads wake up
            future.set_exception(error)
