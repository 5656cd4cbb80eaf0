"""What the benchmarks share: fresh environments, and commands that are timed or weighed."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import IO

ROOT: Final = Path(__file__).parents[1]
TIMEOUT: Final = 900

_MEGABYTE: Final = 1_000_000
_PAUSE: Final = 0.01


class FailedError(Exception):
    """A command that is measured did not do its work."""


def leave() -> None:
    """Leave a project as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A command, where it runs, and what has to be done there before each run.

    It has done its work if it exits with one of `codes`.
    """

    command: tuple[str | Path, ...]
    folder: Path
    variables: Mapping[str, str]
    prepare: Callable[[], None] = leave
    codes: tuple[int, ...] = (0,)

    def __str__(self) -> str:
        return f"{' '.join(map(str, self.command))} in {self.folder}"


def environment(folder: Path, *packages: str) -> Path:
    """Install packages into a new virtual environment; return the folder of its commands."""
    uv: list[str | Path] = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, folder], check=True)
    install = [*uv, "pip", "install", "--compile-bytecode", "--python", folder]
    subprocess.run([*install, *packages], check=True)
    return folder / ("Scripts" if os.name == "nt" else "bin")


def seconds(task: Task) -> float:
    """Run a command and return how long it took."""
    task.prepare()
    with TemporaryFile("w+") as output:
        started = time.perf_counter()
        with _started(task, output) as process:
            code = _ended(process)
        taken = time.perf_counter() - started
        _require_success(task, code, output)
    return taken


def megabytes(task: Task) -> float:
    """Run a command and return the most memory that it and its children held at one time.

    It is the sum of their proportional set sizes: a page that they share counts once.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        raise FailedError("only Linux tells what processes share")
    task.prepare()
    most = 0
    with TemporaryFile("w+") as output:
        with _started(task, output) as process:
            while process.poll() is None:
                most = max(most, sum(map(_held, _family(process.pid))))
                time.sleep(_PAUSE)
        _require_success(task, process.returncode, output)
    return most / _MEGABYTE


def output(*command: str | Path) -> str:
    """Return what a command writes."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def _started(task: Task, output: IO[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        task.command,
        cwd=task.folder,
        env=dict(task.variables),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def _ended(process: subprocess.Popen[bytes]) -> int:
    # With a timeout, `wait` only looks every 50 milliseconds.
    timer = Timer(TIMEOUT, process.kill)
    timer.start()
    code = process.wait()
    if timer.finished.is_set():
        raise FailedError(f"still running after {TIMEOUT} s")
    timer.cancel()
    return code


def _require_success(task: Task, code: int, output: IO[str]) -> None:
    if code not in task.codes:
        output.seek(0)
        raise FailedError(f"exit code {code}: {task}\n{output.read()[-1000:].strip()}")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(thread).split():
            yield from _family(int(child))


def _held(pid: int) -> int:
    for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has just ended
        return ""
