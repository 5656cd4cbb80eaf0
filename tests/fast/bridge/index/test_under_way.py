"""Requests that another process has under way."""

from __future__ import annotations

import os
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest

from poetry_fti.bridge.index.prefetch import under_way
from poetry_fti.bridge.index.prefetch.under_way import RequestsUnderWay

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def request(requests: RequestsUnderWay, connection: Connection) -> None:
    """Make a request that lasts until something is sent."""
    with requests.request("PyPI numpy"):
        connection.send("under way")
        connection.recv()


@pytest.mark.slow_after(1)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no fork")
@pytest.mark.parametrize(
    ("enabled", "name", "waits"),
    [(True, "PyPI numpy", True), (True, "PyPI pandas", False), (False, "PyPI numpy", False)],
)
def test_a_process_waits_for_the_same_request_of_another_one(
    *, enabled: bool, name: str, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = RequestsUnderWay()
    if enabled:
        requests.enable()
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=request, args=(requests, theirs))
    process.start()
    assert ours.recv() == "under way"
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        ours.send("end")
        process.join()

    monkeypatch.setattr(under_way, "sleep", pause)
    with requests.request(name):
        assert bool(pauses) == waits
    pause(0)


@pytest.mark.slow
def test_a_process_that_does_not_answer_is_waited_for_twenty_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests, slept = RequestsUnderWay(), [0.0]
    requests.enable()
    monkeypatch.setattr(under_way, "sleep", slept.append)
    monkeypatch.setattr(under_way, "monotonic", lambda: sum(slept))
    with requests.request("PyPI numpy"), requests.request("PyPI numpy"):
        assert sum(slept) == pytest.approx(20, abs=0.1)
