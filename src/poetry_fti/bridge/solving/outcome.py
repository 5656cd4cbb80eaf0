"""What solving a stage comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from poetry_fti.bridge.solving.stage_solver import Written
    from poetry_fti.errors import FtiError


@dataclass(frozen=True, slots=True)
class Solved:
    """A stage's solution as its lock, and the time that it took in seconds."""

    written: Written
    seconds: float


Outcome: TypeAlias = "Solved | FtiError"
