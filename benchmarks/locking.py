"""What locking takes, beside Poetry and uv: `make bench` prints the table.

All take their packages from the loopback index.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.comparison import HEADER, Row, Side, Sides
from benchmarks.projects import (
    for_uv,
    staged,
    stages,
    variations,
    with_one_more,
)
from benchmarks.tools import FailedError, megabytes, seconds
from benchmarks.workshop import LATENCY, Workshop

if TYPE_CHECKING:
    from benchmarks.tools import Task

THREE: Final = staged(stages())
UNIVERSAL: Final = staged(stages(), platforms=())
SIX: Final = staged(stages(2))
SIX_CHANGED: Final = staged(with_one_more(stages(2), "feature", "tenacity"))
THIRTY: Final = staged(variations(10))

VERSION: Final = "`poetry --version`"
AFAR: Final = f"{LATENCY} ms"


def timed(task: Task, runs: int = 5) -> Side:
    """Return a side whose figure is the time of a command."""
    return Side(partial(seconds, task), runs)


def not_aligned(w: Workshop) -> Sides:
    """Lock three stages, each for itself."""
    return Sides(timed(w.lock(THREE, "--no-align"), 7), timed(w.version(), 7))


def aligned(w: Workshop) -> Sides:
    """Lock three stages."""
    return Sides(timed(w.lock(THREE), 7), timed(w.version(), 7))


def expired(w: Workshop) -> Sides:
    """Ask for each page again."""
    return Sides(timed(w.lock_expired(THREE)), timed(w.lock(THREE, far=True)))


def cold_beside_poetry(w: Workshop) -> Sides:
    """Begin with nothing."""
    return Sides(timed(w.lock_cold(THREE), 3), Side(lambda: w.poetry_cold, once=True))


def cold_beside_uv(w: Workshop) -> Sides:
    """Begin with nothing; uv locks for all platforms, as it does by default."""
    return Sides(timed(w.lock_cold(THREE)), timed(w.uv_cold(for_uv())))


def cold_beside_limited_uv(w: Workshop) -> Sides:
    """Begin with nothing; uv locks for the same platforms."""
    return Sides(timed(w.lock_cold(THREE), 3), timed(w.uv_cold(for_uv(limited=True)), 3))


def universal(w: Workshop) -> Sides:
    """Lock for all platforms."""
    poetry = Side(partial(seconds, w.poetry_warm()), once=True)
    return Sides(timed(w.lock(UNIVERSAL, far=True), 3), poetry)


def nothing_to_do(w: Workshop) -> Sides:
    """Leave six fresh locks alone."""
    return Sides(timed(w.relock(SIX, SIX), 7), timed(w.version(), 7))


def checked(w: Workshop) -> Sides:
    """Find six fresh locks."""
    return Sides(timed(w.relock(SIX, SIX, "--check"), 7), timed(w.version(), 7))


def one_changed(w: Workshop) -> Sides:
    """Lock one stage of six anew, and all six."""
    return Sides(timed(w.relock(SIX, SIX_CHANGED)), timed(w.lock(SIX)), timed(w.version()))


def many(w: Workshop) -> Sides:
    """Lock thirty stages, and three."""
    return Sides(timed(w.lock(THIRTY), 3), timed(w.lock(THREE), 3))


def memory(w: Workshop) -> Sides:
    """Weigh, not time."""
    poetry = Side(partial(megabytes, w.poetry_warm()), once=True)
    return Sides(Side(partial(megabytes, w.lock(THREE)), 3), poetry)


ROWS: Final = (
    Row(1, "lock, warm, `--no-align`", VERSION, 2.5, not_aligned),
    Row(2, "lock, warm", VERSION, 3.5, aligned),
    Row(3, f"lock, pages expired, {AFAR}", f"lock, warm, {AFAR}", 2, expired),
    Row(4, f"lock, cold, {AFAR}", f"`poetry lock`, cold, {AFAR}", 1 / 25, cold_beside_poetry),
    Row(5, f"lock, cold, {AFAR}", f"`uv lock`, cold, {AFAR}", 2.5, cold_beside_uv),
    Row(
        5,
        f"lock, cold, {AFAR}",
        f"`uv lock`, the same platforms only, cold, {AFAR}",
        None,
        cold_beside_limited_uv,
    ),
    Row(6, "lock for all platforms, warm", "`poetry lock`, warm", 1 / 8, universal),
    Row(7, "lock six fresh stages", VERSION, 1.3, nothing_to_do),
    Row(7, "`--check` six fresh stages", VERSION, 1.3, checked),
    Row(8, "lock one changed stage of six, warm", "lock all six, warm", 1 / 3, one_changed),
    Row(9, "lock 30 stages, warm", "lock 3 stages, warm", 5, many),
    Row(10, "lock, warm: memory", "`poetry lock`, warm: memory", 0.75, memory, unit="MB"),
)


def main() -> None:
    """Measure row by row and print a Markdown table with medians."""
    rows, runs = _arguments()
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="poetry-fti-bench-"))
        workshop = Workshop(Path(name), stack)
        print(HEADER, flush=True)
        for row in rows:
            print(_line(row, workshop, runs), flush=True)
        print(f"\nMeasured with {workshop.versions()} on {os.cpu_count()} cores.")


def _line(row: Row, workshop: Workshop, runs: int | None) -> str:
    try:
        return row.line(workshop, runs)
    except FailedError as error:
        print(f"row {row.number} failed: {error}", file=sys.stderr)
        return row.failed()


def _arguments() -> tuple[list[Row], int | None]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.locking", description=__doc__)
    parser.add_argument("--rows", metavar="N,N", help="only these")
    parser.add_argument("--runs", type=int, help="of each command but those run only once")
    arguments = parser.parse_args()
    if arguments.rows is None:
        return list(ROWS), arguments.runs
    numbers = {int(number) for number in arguments.rows.split(",")}
    return [row for row in ROWS if row.number in numbers], arguments.runs


if __name__ == "__main__":
    main()
