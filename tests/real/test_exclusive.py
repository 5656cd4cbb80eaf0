"""Two commands at once in one project: those that write wait for each other."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry, Result, snapshot
from loopback.clients import isolated_environment
from poetry_fti import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness import Started
    from loopback.index import LoopbackIndex

pytestmark = pytest.mark.newest_only

WAITING = "Waiting for another poetry fti command in this project to finish.\n"


@pytest.fixture
def start(
    tmp_path: Path, locked_tiny: Path, own_index: LoopbackIndex
) -> Iterator[Callable[..., Started]]:
    """Start a command, by default `lock`, from an index that takes its time."""
    own_index.latency = 0.2
    started = []

    def start(words: str = "lock", home: str = "home") -> Started:
        poetry = Poetry(isolated_environment(tmp_path / home, own_index.url))
        started.append(poetry.start(locked_tiny, "fti", *words.split()))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def end(process: Started) -> Result:
    output, errors = process.communicate(timeout=60)
    return Result(process.wait(), output, errors)


def test_the_later_one_waits_and_finds_all_done(
    locked_tiny: Path, start: Callable[..., Started]
) -> None:
    fresh = snapshot(locked_tiny)
    shutil.rmtree(locked_tiny / "fti")
    first, second = sorted([end(each) for each in (start(), start())], key=lambda r: len(r.errors))
    assert (first.code, second.code) == (0, 0)
    assert (first.errors, second.errors) == ("", WAITING)
    assert "locked" in first.output
    assert "locked" not in second.output
    assert snapshot(locked_tiny) == fresh


EDITS: Final = {
    "add training drawing --lock": '"drawing (',
    "clone inference second": "[tool.fti.stages.second]",
    "add feature loopish --lock": '"loopish (',
    "remove training boosting --lock": '"boosting[plot]"',
}


def is_made(words: str, text: str) -> bool:
    return (EDITS[words] in text) != words.startswith("remove")


@pytest.mark.parametrize("words", [list(EDITS)[:1], [*EDITS][1:]], ids=["two", "four"])
def test_no_edit_is_lost(
    locked_tiny: Path,
    own_index: LoopbackIndex,
    start: Callable[..., Started],
    words: list[str],
) -> None:
    own_index.latency = 0
    update = start("update")
    results = [end(process) for process in [start(each) for each in words]]
    assert [result.code for result in (*results, end(update))] == [0] * (len(words) + 1)
    text = (locked_tiny / "pyproject.toml").read_text(encoding="utf-8")
    assert all(is_made(each, text) for each in words)


def test_without_a_common_cache_an_edit_is_made_or_refused(
    locked_tiny: Path, own_index: LoopbackIndex, start: Callable[..., Started]
) -> None:
    own_index.latency = 0
    processes = {words: start(words, home) for home, words in zip("abcd", EDITS, strict=True)}
    results = {words: end(process) for words, process in processes.items()}
    text = (locked_tiny / "pyproject.toml").read_text(encoding="utf-8")
    for words, result in results.items():
        assert result.code in (0, 1)
        assert is_made(words, text) == (result.code == 0)


def test_one_that_is_killed_keeps_nobody_waiting(
    tmp_path: Path,
    locked_tiny: Path,
    own_index: LoopbackIndex,
    start: Callable[..., Started],
) -> None:
    fresh = snapshot(locked_tiny)
    shutil.rmtree(locked_tiny / "fti")
    own_index.latency = 3
    first = start()
    while not list(tmp_path.glob("home/poetry/poetry-fti/*.lock")):
        assert first.poll() is None
        time.sleep(0.01)
    second = start()
    assert second.stderr is not None
    assert second.stderr.readline() == WAITING
    own_index.latency = 0
    first.kill()
    assert end(second).code == 0
    assert snapshot(locked_tiny) == fresh


def test_commands_that_write_nothing_do_not_wait(locked_tiny: Path, poetry: Poetry) -> None:
    poetry.ok(locked_tiny, "fti", "export")
    locks = Path(poetry.environment["POETRY_CACHE_DIR"], "poetry-fti").glob("*.lock")
    newest = max(locks, key=lambda path: path.stat().st_mtime_ns)
    printed = ("fti", "export", "inference", "--format", "requirements", "--stdout")
    with files.exclusive(newest, pytest.fail):
        for words in (("fti", "list"), ("fti", "lock", "--check"), printed):
            assert poetry(locked_tiny, *words, timeout=30).errors == ""
        result = poetry(locked_tiny, "fti", "export", "--check", timeout=30)
    assert (result.code, result.errors) == (0, "")
