"""Locking, and checking locks, compared with Poetry and uv: `make bench` prints the table.

All of them use the loopback index.
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
    for_backtracking,
    for_uv,
    staged,
    stages,
    variations,
    with_one_more,
    workbenches,
)
from benchmarks.testbed import LATENCY, Testbed
from benchmarks.tools import FailedError, megabytes, seconds

from loopback.catalogue import WORKBENCHES

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.tools import Task

THREE: Final = staged(stages())
UNIVERSAL: Final = staged(stages(), platforms=())
SIX: Final = staged(stages(2))
SIX_CHANGED: Final = staged(with_one_more(stages(2), "feature", "tenacity"))
THIRTY: Final = staged(variations(10))

SINCE: Final = (("diff", "--since", "HEAD~1"), ("affected", "--since", "HEAD~1"))
COMPARISONS: Final = (
    ("diff",),
    ("diff", "tabular-training", "batch-inference"),
    ("why", "numpy"),
    *SINCE,
)
MANY_COMMITS: Final = 10_000

APART: Final = "--no-align"
RELEASES: Final = 1_500
MOST_MEMORY: Final = 500.0  # MB

VERSION: Final = "`poetry --version`"
AFAR: Final = f"{LATENCY} ms"


def timed(task: Task, runs: int = 5) -> Side:
    """Return a side whose figure is the time of a command."""
    return Side(partial(seconds, task), runs)


def not_aligned(bed: Testbed) -> Sides:
    """Lock three stages without aligning them."""
    return Sides(timed(bed.lock(THREE, "--no-align"), 7), timed(bed.version(), 7))


def aligned(bed: Testbed) -> Sides:
    """Lock three stages."""
    return Sides(timed(bed.lock(THREE), 7), timed(bed.version(), 7))


def expired(bed: Testbed) -> Sides:
    """Lock with expired pages, and with fresh ones."""
    return Sides(timed(bed.lock_expired(THREE)), timed(bed.lock(THREE, far=True)))


def cold_against_poetry(bed: Testbed) -> Sides:
    """Lock with empty caches."""
    return Sides(timed(bed.lock_cold(THREE), 3), Side(lambda: bed.poetry_cold, once=True))


def cold_against_uv(bed: Testbed) -> Sides:
    """Lock with empty caches; uv locks for all platforms, as it does by default."""
    return Sides(timed(bed.lock_cold(THREE)), timed(bed.uv_cold(for_uv())))


def cold_against_limited_uv(bed: Testbed) -> Sides:
    """Lock with empty caches; uv locks for the same platforms."""
    return Sides(timed(bed.lock_cold(THREE), 3), timed(bed.uv_cold(for_uv(limited=True)), 3))


def universal(bed: Testbed) -> Sides:
    """Lock for all platforms."""
    poetry = Side(partial(seconds, bed.poetry_warm()), once=True)
    return Sides(timed(bed.lock(UNIVERSAL, far=True), 3), poetry)


def nothing_to_do(bed: Testbed) -> Sides:
    """Run `lock` on six fresh locks."""
    return Sides(timed(bed.relock(SIX, SIX), 7), timed(bed.version(), 7))


def checked(bed: Testbed) -> Sides:
    """Check six fresh locks."""
    return Sides(timed(bed.relock(SIX, SIX, "--check"), 7), timed(bed.version(), 7))


def one_changed(bed: Testbed) -> Sides:
    """Lock one changed stage of six, and all six."""
    return Sides(timed(bed.relock(SIX, SIX_CHANGED)), timed(bed.lock(SIX)), timed(bed.version()))


def many(bed: Testbed) -> Sides:
    """Lock thirty stages, and three."""
    return Sides(timed(bed.lock(THIRTY), 3), timed(bed.lock(THREE), 3))


def memory(bed: Testbed) -> Sides:
    """Measure memory, not time."""
    poetry = Side(partial(megabytes, bed.poetry_warm()), once=True)
    return Sides(Side(partial(megabytes, bed.lock(THREE)), 3), poetry)


def workbenches_aligned(bed: Testbed) -> Sides:
    """Lock the twelve stages of `workbenches`, and lock them without aligning them."""
    aligned = bed.lock_recorded(WORKBENCHES, workbenches())
    return Sides(timed(aligned, 3), timed(bed.lock_recorded(WORKBENCHES, workbenches(), APART), 3))


def workbenches_changed(bed: Testbed) -> Sides:
    """Lock twelve stages without aligning them, and again with one requirement more in each."""
    apart = bed.lock_recorded(WORKBENCHES, workbenches(), APART)
    changed = workbenches(stages_with_one_more=12)
    return Sides(
        timed(apart, 3), timed(bed.relock_recorded(WORKBENCHES, workbenches(), changed), 3)
    )


def workbenches_against_uv(bed: Testbed) -> Sides:
    """Lock twelve stages, and compile each with uv."""
    aligned = bed.lock_recorded(WORKBENCHES, workbenches())
    return Sides(timed(aligned, 3), timed(bed.uv_compile(WORKBENCHES, workbenches()), 3))


def one_of_twelve(bed: Testbed) -> Sides:
    """Lock one of twelve stages again, which has one requirement more."""
    changed = workbenches(stages_with_one_more=1)
    task = bed.relock_recorded(WORKBENCHES, workbenches(), changed)
    return Sides(timed(task), timed(bed.version()))


def backtracking_aligned(bed: Testbed) -> Sides:
    """Lock two stages that could only agree with a very old release of a library."""
    record, text = bed.backtracking(RELEASES), for_backtracking()
    apart = bed.lock_recorded(record, text, APART)
    return Sides(timed(bed.lock_recorded(record, text)), timed(apart))


def fleet_aligned(bed: Testbed) -> Sides:
    """Lock the project `fleet`, and lock it without aligning its stages."""
    return Sides(timed(bed.lock_copy("fleet")), timed(bed.lock_copy("fleet", APART)))


def three_aligned(bed: Testbed) -> Sides:
    """Lock three stages, and lock them without aligning them."""
    return Sides(timed(bed.lock(THREE), 7), timed(bed.lock(THREE, APART), 7))


def workbenches_memory(bed: Testbed) -> Sides:
    """Measure the memory of all processes that lock twelve stages."""
    task = bed.lock_recorded(WORKBENCHES, workbenches())
    return Sides(Side(partial(megabytes, task), 3), Side(lambda: MOST_MEMORY, once=True))


def fleet_checked(bed: Testbed) -> Sides:
    """Run all checks on the locked project `fleet`, and Poetry's check."""
    checked, reference = bed.check_copy("fleet")
    return Sides(timed(checked, 7), timed(reference, 7))


def fleet_compared(*words: str) -> Callable[[Testbed], Sides]:
    """Return what compares a command on the locked project `fleet` with Poetry's check."""

    def sides(bed: Testbed) -> Sides:
        compared, reference = bed.compare_copy("fleet", *words)
        return Sides(timed(compared, 7), timed(reference, 7))

    return sides


def long_history(*words: str) -> Callable[[Testbed], Sides]:
    """Return what compares a command in a repository of 10,000 commits with one of ten."""

    def sides(bed: Testbed) -> Sides:
        many, _ = bed.compare_copy("fleet", *words, commits=MANY_COMMITS)
        few, _ = bed.compare_copy("fleet", *words)
        return Sides(timed(many, 7), timed(few, 7))

    return sides


ROWS: Final = (
    Row(1, "lock, warm, `--no-align`", VERSION, 2.5, not_aligned),
    Row(2, "lock, warm", VERSION, 3.5, aligned),
    Row(3, f"lock, pages expired, {AFAR}", f"lock, warm, {AFAR}", 2, expired),
    Row(4, f"lock, cold, {AFAR}", f"`poetry lock`, cold, {AFAR}", 1 / 25, cold_against_poetry),
    Row(5, f"lock, cold, {AFAR}", f"`uv lock`, cold, {AFAR}", 2.5, cold_against_uv),
    Row(
        5,
        f"lock, cold, {AFAR}",
        f"`uv lock`, the same platforms only, cold, {AFAR}",
        None,
        cold_against_limited_uv,
    ),
    Row(6, "lock for all platforms, warm", "`poetry lock`, warm", 1 / 8, universal),
    Row(7, "lock six fresh stages", VERSION, 1.3, nothing_to_do),
    Row(7, "`--check` six fresh stages", VERSION, 1.3, checked),
    Row(8, "lock one changed stage of six, warm", "lock all six, warm", 1 / 3, one_changed),
    Row(9, "lock 30 stages, warm", "lock 3 stages, warm", 5, many),
    Row(10, "lock, warm: memory", "`poetry lock`, warm: memory", 0.75, memory, unit="MB"),
    Row(11, "lock `workbenches`, warm", "the same, `--no-align`", 1.3, workbenches_aligned),
    Row(
        12,
        "lock `workbenches`, warm, `--no-align`",
        "one requirement more in all stages, pins kept",
        2,
        workbenches_changed,
    ),
    Row(13, "lock `workbenches`, warm", "twelve `uv pip compile`", 1, workbenches_against_uv),
    Row(14, "lock one changed stage of `workbenches`", VERSION, 3.5, one_of_twelve),
    Row(
        15,
        f"lock with {RELEASES:,} releases to backtrack to, warm",
        "the same, `--no-align`",
        2,
        backtracking_aligned,
    ),
    Row(16, "lock `fleet`, warm", "the same, `--no-align`", 1.3, fleet_aligned),
    Row(16, "lock, warm", "the same, `--no-align`", 1.3, three_aligned),
    Row(17, "lock `workbenches`, warm: memory", "500 MB", 1, workbenches_memory, unit="MB"),
    Row(18, "`poetry fti check` of `fleet`", "`poetry check`", 1.5, fleet_checked),
    *(
        Row(
            19,
            f"`poetry fti {' '.join(words)}` of `fleet`",
            "`poetry check`",
            1.5,
            fleet_compared(*words),
        )
        for words in COMPARISONS
    ),
    *(
        Row(
            20,
            f"`poetry fti {' '.join(words)}`, {MANY_COMMITS:,} commits",
            "the same, 10 commits",
            1.1,
            long_history(*words),
        )
        for words in SINCE
    ),
)


def main() -> None:
    """Measure row by row and print a Markdown table with medians."""
    rows, runs = _arguments()
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="poetry-fti-bench-"))
        testbed = Testbed(Path(name), stack)
        print(HEADER, flush=True)
        for row in rows:
            print(_line(row, testbed, runs), flush=True)
        print(f"\nMeasured with {testbed.versions()} on {os.cpu_count()} cores.")


def _line(row: Row, testbed: Testbed, runs: int | None) -> str:
    try:
        return row.line(testbed, runs)
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
