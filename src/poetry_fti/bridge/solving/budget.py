"""A limit to the effort of solving, in steps that do not depend on the speed of the machine."""

from __future__ import annotations

from dataclasses import dataclass


class OutOfStepsError(Exception):
    """A solver has made as many steps as its budget allows."""


@dataclass(slots=True)
class StepBudget:
    """The steps of one or several solves: a step is a release that the solver tries to use.

    Without a `limit` steps are only counted.
    """

    limit: int | None = None
    used: int = 0

    def step(self) -> None:
        """Count a step; raises OutOfStepsError if the budget does not allow it."""
        if self.limit is not None and self.used >= self.limit:
            raise OutOfStepsError
        self.used += 1
