"""Values that several threads need, each computed once."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from poetry_fti.bridge.index.compute_once import ComputeOnce
from poetry_fti.bridge.index.monitoring.monitor import GaveUpError


def test_a_value_is_computed_once_until_it_is_forgotten() -> None:
    values = ComputeOnce[str, int]()
    computed: list[str] = []

    def compute(key: str) -> int:
        computed.append(key)
        return len(computed)

    assert "a" not in values
    assert [values.get(key, compute) for key in ("a", "b", "a")] == [1, 2, 1]
    assert "a" in values
    values.forget("a")
    assert values.get("a", compute) == 3


def test_an_exception_is_raised_for_everyone() -> None:
    values = ComputeOnce[str, int]()
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            values.get("a", int)
    assert "a" in values


def test_a_thread_that_waits_computes_what_a_prefetching_thread_gave_up() -> None:
    values = ComputeOnce[str, int]()
    started, waiting = Event(), Event()
    gave_up: list[BaseException] = []

    def give_up(_: str) -> int:
        started.set()
        waiting.wait()
        raise GaveUpError

    def prefetch() -> None:
        try:
            values.get("a", give_up)
        except GaveUpError as error:
            gave_up.append(error)

    prefetching = Thread(target=prefetch)
    prefetching.start()
    started.wait()
    release = Thread(target=waiting.set)
    release.start()
    assert values.get("a", lambda _: 7) == 7
    prefetching.join()
    release.join()
    assert len(gave_up) == 1
