"""Two sides measured in turn, and the line that the table has for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.tools import median

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.testbed import Testbed

HEADER = """\
| row | measured | | against | | ratio | limit | runs |
|--:|:--|--:|:--|--:|--:|--:|:--|"""


class Side(NamedTuple):
    """One side of a comparison, run so often, and before that once to fill caches.

    What takes minutes is run `once` and only once.
    """

    measure: Callable[[], float]
    runs: int = 5
    once: bool = False


class Sides(NamedTuple):
    """What is compared; the floor's time is taken off both."""

    ours: Side
    reference: Side
    floor: Side | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, and how to come by its sides."""

    number: int
    measured: str
    against: str
    limit: float | None
    sides: Callable[[Testbed], Sides]
    unit: str = "s"

    def line(self, testbed: Testbed, runs: int | None) -> str:
        """Measure, and return the line; a ratio beyond the limit is bold."""
        figures = _figures(self.sides(testbed), runs)
        ours, reference, *floor = map(median, figures)
        below = sum(floor)
        ratio = (ours - below) / (reference - below)
        counts = " / ".join(str(len(each)) for each in figures[:2])
        beyond = self.limit is not None and ratio > self.limit
        shown = f"**{ratio:.3f}**" if beyond else f"{ratio:.3f}"
        return self._cells(self._figure(ours), self._figure(reference), shown, counts)

    def failed(self) -> str:
        """Return the line of a row whose commands do not work."""
        return self._cells("failed", "", "", "")

    def _cells(self, ours: str, reference: str, ratio: str, runs: str) -> str:
        cells = (self.number, self.measured, ours, self.against, reference, ratio)
        limit = "" if self.limit is None else f"{self.limit:.3g}"
        return "| " + " | ".join(map(str, (*cells, limit, runs))) + " |"

    def _figure(self, value: float) -> str:
        return f"{value:.2f} s" if self.unit == "s" else f"{value:.0f} {self.unit}"


def _figures(sides: Sides, runs: int | None) -> list[list[float]]:
    found = [side for side in sides if side is not None]
    for side in found:
        if not side.once:
            side.measure()
    counts = [1 if side.once else runs or side.runs for side in found]
    figures: list[list[float]] = [[] for _ in found]
    # In turn, so that a slow spell of the machine meets all sides.
    for turn in range(max(counts)):
        for side, count, values in zip(found, counts, figures, strict=True):
            if turn < count:
                values.append(side.measure())
    return figures
