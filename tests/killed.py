"""A command killed at many points: ``python killed.py BEFORE WORK POINTS WORD…``.

Poetry is loaded once. For each point a fork runs the command in a copy of the project BEFORE, on a
cold cache, and is killed there; a second one then runs it on what was left. In WORK each point has
its folder with `killed` and `project`, the project after the first and after the second, and with
what they printed; `ended.json` says how they ended.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import re
import select
import shutil
import signal
import sys
from dataclasses import asdict, dataclass, replace
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from poetry.console.application import main

import entry_points
from harness import snapshot
from loopback.clients import INDEX_VARIABLE
from loopback.poetry_main import use_index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EVENTS: Final = ("open", "os.", "socket.", "shutil.", "tempfile.", "fcntl.", "killed.")
KINDS: Final = range(3)
CALL, EVENT, WRITE = KINDS
TEMPORARY: Final = re.compile(r"/\.[\w.]+\.[0-9a-f]{8}\.tmp\b")
MOST: Final = 8  # processes of a command
FEWEST: Final = 3  # points of a kind that is chosen from
PATIENCE: Final = 10  # seconds


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th call of a function in the n-th process of a command, or else the n-th event.

    Events are counted anew from the first that is about writing a file of the project.
    """

    process: int
    kind: int
    number: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command that was killed at a point ended, and the one after it."""

    point: Point
    signal: int
    wrote_later: bool
    code_after: int


class Meter:
    """Counts what the processes of a command do, and kills the command at a point."""

    def __init__(self, point: Point | None) -> None:
        self._point = point
        self._command, self._process, self._forked = os.getpid(), 0, 0
        # Shared with the processes that the command forks.
        self.counts = memoryview(mmap.mmap(-1, 8 * MOST * len(KINDS))).cast("q")
        self._writes = False
        # If no point is given: the numbers of the events about writing before which something in
        # the project has changed.
        self.changing: list[int] = []
        self._before: Mapping[Path, bytes | bool] | None = None
        self._looks = False

    def install(self) -> None:
        """Begin to count."""
        os.register_at_fork(before=self._before_fork, after_in_child=self._in_child)
        sys.addaudithook(self._event)
        if self._point is None or self._point.kind == CALL:
            sys.settrace(self._call)

    def _before_fork(self) -> None:
        self._forked += 1

    def _in_child(self) -> None:
        self._process = self._forked

    def _call(self, _frame: object, _event: str, _argument: object) -> None:
        # There is no other event, since this returns no function that traces the lines.
        self._count(CALL)

    def _event(self, name: str, arguments: tuple[object, ...]) -> None:
        if name.startswith(EVENTS) and not self._looks:
            self._writes = self._writes or bool(TEMPORARY.search(str(arguments)))
            self._count(WRITE if self._writes else EVENT)
            if self._point is None and self._writes and not self._process:
                self._look()

    def _look(self) -> None:
        self._looks = True
        now = {path: path.is_file() and path.read_bytes() for path in Path.cwd().rglob("*")}
        if now != self._before:
            self.changing.append(self.counts[WRITE])
            self._before = now
        self._looks = False

    def _count(self, kind: int) -> None:
        slot = len(KINDS) * self._process + kind
        self.counts[slot] += 1
        if Point(self._process, kind, self.counts[slot]) == self._point:
            os.kill(self._command, signal.SIGKILL)


class Halting(FileIO):
    """A file that is written in two parts, with an event after each."""

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Write one half, then the other."""
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            super().write(part)
            sys.audit("killed.write")
        return len(data)


def add_events() -> None:
    """Raise events where Python has none: while a new file is written, and before it is safe."""
    path_open, fsync = Path.open, os.fsync

    def halting_open(path: Path, *arguments: Any, **options: Any) -> object:  # noqa: ANN401
        if arguments == ("xb",):
            return Halting(path, "xb")
        return path_open(path, *arguments, **options)

    def announced_fsync(descriptor: int) -> None:
        sys.audit("killed.fsync")
        fsync(descriptor)
        sys.audit("killed.fsync")

    vars(os)["fsync"] = announced_fsync
    type.__setattr__(Path, "open", halting_open)


def run_command(folder: Path, meter: Meter | None) -> int:
    """Run the command in this process and return its exit code."""
    os.environ["POETRY_CACHE_DIR"] = str(folder / "cache")
    os.chdir(folder / "project")
    with (folder / "output.txt").open("ab") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
    sys.argv = ["poetry", *WORDS, "--no-ansi"]
    if meter is not None:
        meter.install()
    try:
        return main()
    except SystemExit as end:
        return int(end.code or 0)


def in_fork(folder: Path, point: Point | None, report: Path | None = None) -> tuple[int, bool]:
    """Run it in a fork; return how it ended, and whether its processes wrote after its end."""
    alive, theirs = os.pipe()
    child = os.fork()
    if not child:
        _be_child(folder, point, report)
    os.close(theirs)
    _, status = os.waitpid(child, 0)
    before = snapshot(folder / "project")
    # The other end is closed when the last process that has it is gone.
    if not select.select([alive], [], [], PATIENCE)[0]:
        raise TimeoutError(f"a process goes on after {point}")
    os.close(alive)
    return status, snapshot(folder / "project") != before


def _be_child(folder: Path, point: Point | None, report: Path | None) -> NoReturn:
    code = 70
    try:
        meter = Meter(point) if point or report else None
        code = run_command(folder, meter)
        sys.settrace(None)
        if meter is not None and report is not None:
            report.write_text(json.dumps([list(meter.counts), meter.changing]), encoding="utf-8")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def prepared(before: Path, folder: Path) -> Path:
    """Return a folder of one point, with a copy of the project."""
    shutil.copytree(before, folder / "project")
    return folder


def choose(before: Path, folder: Path, most: int) -> list[Point]:
    """Return the events between which the project changes, and evenly some of what is before.

    A kill at another event that is about writing would leave the same as the one before it.
    """
    in_fork(prepared(before, folder), None, folder / "report.json")
    counts, changing = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    calls, events, _ = (
        [Point(process, kind, number) for process, number in enumerate(counts[kind :: len(KINDS)])]
        for kind in KINDS
    )
    writing = [Point(0, WRITE, number) for number in changing]
    each = max(FEWEST, (most - len(writing)) // 2)
    return [*writing, *_spread(calls, each), *_spread(events, each)]


def _spread(ends: Sequence[Point], wanted: int) -> Iterator[Point]:
    """Yield points that are equally far from each other, up to the end of each process."""
    step = sum(end.number for end in ends) / wanted
    position = step / 2
    for end in ends:
        while position <= end.number:
            yield Point(end.process, end.kind, max(1, round(position)))
            position += step
        position -= end.number


def kill(before: Path, folder: Path, point: Point) -> Ended:
    """Kill a command at a point, and run another one on what it left."""
    status, wrote_later = in_fork(prepared(before, folder), point)
    while not status and point.number > 1:
        # It did less this time: threads take turns as they like.
        shutil.rmtree(folder)
        point = replace(point, number=point.number * 2 // 3)
        status, wrote_later = in_fork(prepared(before, folder), point)
    shutil.copytree(folder / "project", folder / "killed")
    after, _ = in_fork(folder, None)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return Ended(point, status, wrote_later, os.waitstatus_to_exitcode(after))


def run(before: Path, work: Path, most: int) -> None:
    """Kill commands and tell how they ended."""
    use_index(os.environ[INDEX_VARIABLE])
    add_events()
    entry_points.remember()  # reading them would be most of the events, and interests nobody
    run_command(prepared(before, work / "first"), None)  # all is loaded from now on
    gc.freeze()  # forks share it for as long as nobody looks through it for garbage
    points = choose(before, work / "second", most)
    ended = [kill(before, work / str(n), point) for n, point in enumerate(points)]
    text = json.dumps([asdict(each) for each in ended], indent=1)
    (work / "ended.json").write_text(text, encoding="utf-8")


WORDS: Final = sys.argv[4:]
if __name__ == "__main__":
    run(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
