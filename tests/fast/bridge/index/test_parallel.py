"""Work done several at a time."""

from __future__ import annotations

import threading
import time

import pytest

from poetry_fti.bridge.index.parallel import in_parallel


def test_results_come_in_the_order_of_the_items() -> None:
    def slow(number: int) -> int:
        time.sleep((5 - number) / 100)
        return number * number

    assert in_parallel(slow, range(5), 3) == [0, 1, 4, 9, 16]
    assert in_parallel(slow, [], 3) == []


def test_at_most_so_many_at_a_time() -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def count(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    in_parallel(count, range(20), 4)
    assert most <= 4


def test_an_error_ends_it_without_waiting_for_the_rest() -> None:
    held = threading.Event()
    started = []

    def fail(number: int) -> None:
        started.append(number)
        if number == 0:
            raise ValueError("no")
        held.wait()

    with pytest.raises(ValueError, match="no"):
        in_parallel(fail, range(100), 2)
    held.set()
    assert len(started) < 10
