"""Ctrl-C at any moment: one message, exit code 130, whole files, and a next run that ends right."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness import Poetry, Result, snapshot
from loopback.clients import isolated_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback.index import LoopbackIndex

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")

MESSAGE = (
    "Interrupted. Each file is either unchanged or completely written."
    " Rerun the command to finish.\n"
)
# Python ends itself by the signal where it struck inside exec(), though it was caught:
# for a shell the same as 130.
INTERRUPTED = (130, -signal.SIGINT)


@dataclass(frozen=True)
class Running:
    """Poetry at work on a cold cache, with an index that counts what it asks for."""

    process: subprocess.Popen[str] | subprocess.Popen[bytes]
    index: LoopbackIndex

    def interrupt_after(self, requests: int) -> Result:
        """Send Ctrl-C when so many requests have come; wait for the end."""
        self.wait_for(requests)
        return self.interrupt()

    def wait_for(self, requests: int) -> None:
        """Wait until so many requests have come, or the process has ended."""
        while len(self.index.requests) < requests and self.process.poll() is None:
            time.sleep(0.002)

    def interrupt(self) -> Result:
        """Send Ctrl-C and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        output, errors = self.process.communicate(timeout=20)
        return Result(self.process.returncode, str(output), str(errors))


@pytest.fixture
def start(tmp_path: Path, own_index: LoopbackIndex) -> Callable[..., Running]:
    """Start Poetry with empty caches."""
    homes = iter(range(100))

    def start(folder: Path, *words: str) -> Running:
        environment = isolated_environment(tmp_path / f"home{next(homes)}", own_index.url)
        own_index.requests.clear()
        process = subprocess.Popen(
            [*Poetry({}).command, *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Running(process, own_index)

    return start


def require_whole(found: dict[str, bytes], *wholes: dict[str, bytes]) -> None:
    """Require that every file is as in one of these snapshots."""
    for name, content in found.items():
        assert content in [whole.get(name) for whole in wholes], name


def test_locking_interrupted(
    locked_tiny: Path, own_index: LoopbackIndex, poetry: Poetry, start: Callable[..., Running]
) -> None:
    own_index.latency = 0.05
    fresh = snapshot(locked_tiny)
    ignored = []
    for requests in (1, 4, 9, 16, 22):
        for lock in locked_tiny.glob("fti/*/poetry.lock"):
            lock.unlink()
        result = start(locked_tiny, "fti", "lock").interrupt_after(requests)
        require_whole(snapshot(locked_tiny), fresh)
        if result.code == 0:
            ignored.append(requests)
        else:
            assert result.code in INTERRUPTED, result
            assert result.errors == MESSAGE
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
    for tenths in range(3, 20, 2):
        running = start(locked_tiny, "fti", "lock", "--regenerate")
        time.sleep(tenths / 10)
        result = running.interrupt()
        require_whole(snapshot(locked_tiny), fresh, old)
        # Before the command has begun, and after it has ended, Ctrl-C is Python's and Poetry's.
        if result.errors.endswith(MESSAGE):
            assert result.code in INTERRUPTED
            assert "Traceback" not in result.errors
    start(locked_tiny, "fti", "lock", "--regenerate").process.communicate(timeout=60)
    assert snapshot(locked_tiny) == fresh


@pytest.mark.parametrize("requests", [1, 3])
def test_exporting_interrupted(
    locked_tiny: Path,
    own_index: LoopbackIndex,
    poetry: Poetry,
    start: Callable[..., Running],
    requests: int,
) -> None:
    own_index.latency = 0.1
    before = snapshot(locked_tiny)
    result = start(locked_tiny, "fti", "export").interrupt_after(requests)
    assert result.code in INTERRUPTED, result
    assert result.errors == MESSAGE
    assert snapshot(locked_tiny) == before
    poetry.ok(locked_tiny, "fti", "export")
    poetry.ok(locked_tiny, "fti", "export", "--check")


def test_the_indicator_of_a_terminal_ends_too(
    locked_tiny: Path, own_index: LoopbackIndex, tmp_path: Path
) -> None:
    pty = pytest.importorskip("pty")
    own_index.latency = 0.1
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
    Running(process, own_index).wait_for(5)
    process.send_signal(signal.SIGINT)
    shown = "".join(iter(lambda: read(ours), ""))
    os.close(ours)
    assert process.wait(timeout=20) in INTERRUPTED
    assert shown.count("Locking 3 stages...") > 3
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
    result = start(locked_tiny, "fti", "export", "--format", "pylock").interrupt_after(1)
    assert result.code in INTERRUPTED, result
    assert result.errors == MESSAGE
    assert snapshot(locked_tiny) == before
