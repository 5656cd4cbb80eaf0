"""What naming platforms would save where a stage without platforms takes long to solve."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.bridge.solving.budget import OutOfStepsError
from poetry_fti.bridge.solving.variants.variant import Preferences
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from poetry_fti.bridge.solving.variants.variant import Variant


@dataclass(frozen=True, slots=True)
class Saving:
    """What naming the usual platforms would change for a stage: before and after.

    `seconds` are those of solving, `packages` the numbers of locked packages.
    """

    seconds: tuple[float, float]
    packages: tuple[int, int]


def saving(universal: Variant, narrowed: Variant, seconds: float, packages: int) -> Saving | None:
    """Return what naming platforms would save; None if it would save no time.

    `narrowed` is the stage on the usual platforms. Solving the stage for all platforms took
    `seconds` of CPU time, and its lock has this number of `packages`.
    """
    # Responses have been cached by now: the time that waiting for them took is left out of both.
    started = time.process_time()
    try:
        # With as many steps, solving for some platforms only takes less time than for all.
        found = narrowed.restored(Preferences(), universal.steps)
    except (FtiError, OutOfStepsError):
        return None
    took = time.process_time() - started
    return Saving((seconds, took), (packages, len(found))) if took < seconds else None
