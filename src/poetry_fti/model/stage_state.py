"""The state of a stage while it is being locked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Phase(IntEnum):
    """What is being done for a stage; the phases are passed through in this order."""

    WAITING = 0
    SOLVING = 1
    ALIGNING = 2
    LOCKING = 3
    DONE = 4
    FAILED = 5


@dataclass(frozen=True, slots=True)
class StageState:
    """The phase of a stage and the number of package pages read from the indexes for it.

    `is_reading` is true while such a page is being read. `seconds` is the solving time of a stage
    that is done, else 0.
    """

    phase: Phase
    pages: int = 0
    is_reading: bool = False
    seconds: float = 0.0
