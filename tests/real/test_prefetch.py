"""Prefetching: bounded, once for all stages, backing off from an index in trouble, and silent."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import pytest

from awkward_index import Manners, desk, wide
from harness import snapshot
from loopback.failures import GARBAGE
from loopback.site import Answer
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from awkward_index import Desk

PREFETCHED: Final = 8


# Bounds


@pytest.mark.newest_only
def test_one_process_fetches_within_bounds_and_each_page_once(tmp_path: Path) -> None:
    with desk(tmp_path, wide(40)) as project:
        lock = project.lock()
        assert 1 < project.index.most <= PREFETCHED + 1
        assert set(project.index.asked.values()) == {1}
        assert lock == project.plain()


STAGES: Final = {name: ["app"] for name in ("feature", "training", "inference")}


@pytest.mark.newest_only
def test_several_processes_have_bounds_each(tmp_path: Path) -> None:
    with desk(tmp_path, wide(40), stages=STAGES) as project:
        project.lock()
        processes = max(project.index.asked.values())
        # As many as there are cores for, but no more than stages.
        assert processes <= len(STAGES)
        assert project.index.most <= processes * (PREFETCHED + 1)


@pytest.mark.newest_only
def test_several_processes_request_nothing_twice_of_the_default_index(tmp_path: Path) -> None:
    with desk(tmp_path, wide(40)) as project:
        (project.root / "pyproject.toml").write_text(pyproject(STAGES), encoding="utf-8")
        project.lock()
        # All may begin with the same page, before it is known that answers take time.
        repeated = {path for path, n in project.index.asked.items() if n > 1}
        assert repeated <= {"/simple/app/"}


# An index that wants fewer requests


def test_an_index_that_limits_requests_gets_its_way(tmp_path: Path) -> None:
    with desk(tmp_path, wide(16), Manners(allowance=12)) as project:
        project.lock()
        assert project.index.most > 1
        # Those that were under way. From then on only the solver sends requests, and it backs off.
        assert 0 < project.index.refused <= PREFETCHED + 6


def test_an_index_that_always_wants_fewer_is_named(tmp_path: Path) -> None:
    with desk(tmp_path, wide(2), Manners(allowance=0, retry_after="0")) as project:
        result = project.run("fti", "lock")
        url = f"{project.index.url}simple/app/"
        said = f"feature: The package index failed: {url} answered 429.\n"
        assert (result.code, result.output, result.errors) == (1, "", said)
        assert len(project.index.requests) == 6


# An index that fails where nobody needs it

REFUSALS: Final = {
    "ghost401": Answer(HTTPStatus.UNAUTHORIZED),
    "ghost403": Answer(HTTPStatus.FORBIDDEN),
    "ghost404": Answer(HTTPStatus.NOT_FOUND),
    "ghost500": Answer(HTTPStatus.INTERNAL_SERVER_ERROR),
    "garbage": Answer(HTTPStatus.OK, body=GARBAGE),
    "hangup": None,
}
FILES: Final = ("metadata401", "metadata404", "metadata500")


@pytest.mark.newest_only
def test_failures_of_what_is_only_fetched_ahead_are_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `old` has one version only, and is decided before `lib`; then the chain takes its time.
    chain = {f"chain{at} 1.0": [f"chain{at + 1}"] for at in range(6)}
    releases = {
        "app 1.0": ["lib", "old"],
        "lib 2.0": [*REFUSALS, *FILES],
        "lib 1.0": [],
        "old 1.0": ["lib<2", "chain0"],
        **chain,
        "chain6 1.0": [],
        **{f"{name} 1.0": [] for name in (*REFUSALS, *FILES)},
    }

    def spoil(path: str, answer: Answer) -> Answer | None:
        name = path.split("/")[2].partition("-")[0]
        if name in FILES and path.endswith(".metadata"):
            return Answer(HTTPStatus(int(name.removeprefix("metadata"))))
        return REFUSALS.get(name, answer)

    with desk(tmp_path, releases) as project:
        monkeypatch.setattr(project.index, "spoil", spoil)
        lock = project.lock()
        asked = project.index.asked
        assert {f"/simple/{name}/" for name in (*REFUSALS, *FILES)} <= asked.keys()
        files = {f"/files/{name}-1.0-py3-none-any.whl.metadata" for name in FILES}
        assert files <= asked.keys()
        # Neither insisted upon nor replaced by the wheel itself.
        assert {path: n for path, n in asked.items() if n > 1 and "hangup" not in path} == {}
        assert not any(path.endswith(".whl") for path in asked)
        assert lock == project.plain()


# Ctrl-C


def alive(session: int) -> bool:
    """Tell whether a process of a session is left."""
    with suppress(ProcessLookupError):
        os.killpg(session, 0)
        return True
    return False


def stopped(project: Desk, number: signal.Signals) -> tuple[int, str, str]:
    """Lock, stop the command while much is being fetched, and return how it ended."""
    process = project.poetry.start(project.root, "fti", "lock", new_session=True)
    while project.index.most < PREFETCHED // 2:
        assert process.poll() is None
        time.sleep(0.002)
    # A terminal and a supervisor send a signal to all of its processes.
    send = os.kill if number == signal.SIGKILL else os.killpg
    send(process.pid, number)
    output, errors = process.communicate(timeout=20)
    until = time.monotonic() + (5 if number == signal.SIGKILL else 0)
    while alive(process.pid):
        assert time.monotonic() < until
        time.sleep(0.01)
    return process.wait(), output, errors


@pytest.mark.newest_only
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
@pytest.mark.parametrize(
    ("number", "stages"),
    [
        (signal.SIGINT, ("feature",)),
        (signal.SIGINT, ("feature", "training")),
        (signal.SIGTERM, ("feature", "training")),
        (signal.SIGKILL, ("feature", "training", "inference")),
    ],
)
def test_a_signal_while_fetching_ahead(
    tmp_path: Path, number: signal.Signals, stages: tuple[str, ...]
) -> None:
    groups: dict[str, list[str]] = {stage: [] for stage in stages}
    with desk(tmp_path, wide(40), Manners(latency=0.2), stages=groups) as project:
        project.lock()
        pyproject = project.root / "pyproject.toml"
        text = pyproject.read_text(encoding="utf-8")
        for stage in stages:
            text = text.replace(f"{stage} = []", f'{stage} = ["app"]')
        pyproject.write_text(text, encoding="utf-8")
        before = snapshot(project.root)
        code, output, errors = stopped(project, number)
        if number == signal.SIGKILL:
            assert (code, output, errors) == (-number, "", "")
        else:
            message = (
                "Interrupted. Each file is either unchanged or completely written."
                " Rerun the command to finish.\n"
            )
            assert (code, output, errors) == (128 + number, "", message)
        assert snapshot(project.root) == before
