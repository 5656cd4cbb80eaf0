"""SIGINT or SIGTERM at any moment: one message, whole files, and a next run that ends right."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from harness import Poetry, Result, snapshot
from loopback.clients import isolated_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Started
    from loopback.index import LoopbackIndex

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such signals to send"
)

MESSAGE = (
    "Interrupted. Each file is either unchanged or completely written."
    " Rerun the command to finish.\n"
)
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
BOTH = pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)


@dataclass(frozen=True)
class Running:
    """Poetry at work on a cold cache, with an index that counts what it asks for."""

    process: Started
    index: LoopbackIndex

    def stop_after(self, requests: int, number: signal.Signals) -> Result:
        """Send a signal when so many requests have come; wait for the end."""
        self.wait_for(requests)
        return self.stop(number)

    def wait_for(self, requests: int) -> None:
        """Wait until so many requests have come, or the process has ended."""
        while len(self.index.requests) < requests and self.process.poll() is None:
            time.sleep(0.002)

    def stop(self, number: signal.Signals) -> Result:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=20)
        return Result(self.process.wait(), str(output), str(errors))


@pytest.fixture
def start(tmp_path: Path, own_index: LoopbackIndex) -> Callable[..., Running]:
    """Start Poetry with empty caches."""
    homes = iter(range(100))

    def start(folder: Path, *words: str, new_process: bool = False) -> Running:
        environment = isolated_environment(tmp_path / f"home{next(homes)}", own_index.url)
        own_index.requests.clear()
        poetry = Poetry(environment)
        poetry = replace(poetry, new_process=new_process or poetry.new_process)
        return Running(poetry.start(folder, *words), own_index)

    return start


def require_whole(found: dict[str, bytes], *wholes: dict[str, bytes]) -> None:
    """Require that every file is as in one of these snapshots."""
    for name, content in found.items():
        assert content in [whole.get(name) for whole in wholes], name


@pytest.mark.newest_only
def test_locking_interrupted(
    locked_tiny: Path, own_index: LoopbackIndex, poetry: Poetry, start: Callable[..., Running]
) -> None:
    own_index.latency = 0.05
    fresh = snapshot(locked_tiny)
    ignored = []
    for requests, number in zip((1, 4, 9, 16, 22), cycle(CODES)):
        for lock in locked_tiny.glob("fti/*/poetry.lock"):
            lock.unlink()
        result = start(locked_tiny, "fti", "lock").stop_after(requests, number)
        require_whole(snapshot(locked_tiny), fresh)
        if result.code == 0:
            ignored.append(requests)
        else:
            assert (result.code, result.errors) == (CODES[number], MESSAGE)
        poetry.ok(locked_tiny, "fti", "lock")
        assert snapshot(locked_tiny) == fresh
    # On a machine that is busy enough, the command may have ended before the signal comes.
    assert len(ignored) < 2


@pytest.mark.newest_only
def test_many_moments(
    locked_tiny: Path, own_index: LoopbackIndex, start: Callable[..., Running]
) -> None:
    own_index.latency = 0.01
    fresh = snapshot(locked_tiny)
    for lock in locked_tiny.glob("fti/*/poetry.lock"):
        lock.write_bytes(lock.read_bytes().replace(b'description = "', b'description = "formerly '))
    old = snapshot(locked_tiny)
    for tenths, number in zip(range(3, 20, 2), cycle(CODES)):
        running = start(locked_tiny, "fti", "lock", "--regenerate", new_process=True)
        time.sleep(tenths / 10)
        result = running.stop(number)
        require_whole(snapshot(locked_tiny), fresh, old)
        # Before plugins are loaded, and after the command, signals are Python's and Poetry's.
        if result.errors.endswith(MESSAGE):
            assert (result.code, result.errors) == (CODES[number], MESSAGE)
    start(locked_tiny, "fti", "lock", "--regenerate").process.communicate(timeout=60)
    assert snapshot(locked_tiny) == fresh


@pytest.mark.newest_only
@BOTH
def test_exporting_interrupted(
    locked_tiny: Path,
    own_index: LoopbackIndex,
    poetry: Poetry,
    start: Callable[..., Running],
    number: signal.Signals,
) -> None:
    own_index.latency = 0.1
    before = snapshot(locked_tiny)
    result = start(locked_tiny, "fti", "export").stop_after(2, number)
    assert (result.code, result.errors) == (CODES[number], MESSAGE)
    assert snapshot(locked_tiny) == before
    poetry.ok(locked_tiny, "fti", "export")
    poetry.ok(locked_tiny, "fti", "export", "--check")


def test_the_indicator_of_a_terminal_ends_too(
    locked_tiny: Path, own_index: LoopbackIndex, tmp_path: Path
) -> None:
    pty = pytest.importorskip("pty")
    own_index.fail("hang")
    shutil.rmtree(locked_tiny / "fti")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*Poetry({}).command, "fti", "lock"],
        cwd=locked_tiny,
        env=isolated_environment(tmp_path / "home", own_index.url) | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = ""
    while shown.count("Locking 3 stages...") < 4:
        shown += (part := read(ours))
        assert part, shown
    process.send_signal(signal.SIGTERM)
    shown += "".join(iter(lambda: read(ours), ""))
    os.close(ours)
    assert process.wait(timeout=20) == CODES[signal.SIGTERM]
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)
    assert plain.replace("\r", "").endswith(f")\n{MESSAGE}")


def read(descriptor: int) -> str:
    try:
        return os.read(descriptor, 4096).decode()
    except OSError:  # what Linux raises where the other end is closed
        return ""


def test_exporting_from_an_index_that_hangs_is_interrupted_at_once(
    locked_tiny: Path, own_index: LoopbackIndex, start: Callable[..., Running]
) -> None:
    before = snapshot(locked_tiny)
    own_index.fail("hang")
    result = start(locked_tiny, "fti", "export", "--format", "pylock").stop_after(1, signal.SIGINT)
    assert (result.code, result.errors) == (CODES[signal.SIGINT], MESSAGE)
    assert snapshot(locked_tiny) == before


@BOTH
def test_an_edit_is_taken_back(
    locked_tiny: Path,
    own_index: LoopbackIndex,
    start: Callable[..., Running],
    number: signal.Signals,
) -> None:
    before = snapshot(locked_tiny)
    own_index.latency = 0.1
    running = start(locked_tiny, "fti", "add", "training", "drawing", "--lock")
    result = running.stop_after(4, number)
    assert (result.code, result.errors) == (CODES[number], MESSAGE)
    assert snapshot(locked_tiny) == before


@pytest.mark.newest_only
@BOTH
def test_an_interrupted_import_is_undone(
    locked_tiny: Path,
    own_index: LoopbackIndex,
    start: Callable[..., Running],
    number: signal.Signals,
) -> None:
    own_index.latency = 0.1
    (locked_tiny / "requirements.txt").write_text("scikit-learn\n", encoding="utf-8")
    before = snapshot(locked_tiny)
    running = start(locked_tiny, "fti", "import", "training", "requirements.txt")
    result = running.stop_after(2, number)
    assert (result.code, result.errors) == (CODES[number], MESSAGE)
    assert snapshot(locked_tiny) == before
