"""Solves a stage without platforms: for all of them, with the versions aligned on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.solving.budget import OutOfStepsError
from poetry_fti.bridge.solving.variants.variant import Preferences

if TYPE_CHECKING:
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.solution import Solution
    from poetry_fti.bridge.solving.variants.variant import Variant

# A solve for all platforms runs several times, and each run has at least as many steps.
_TIMES: Final = 20
_MORE: Final = 100


@dataclass(frozen=True, slots=True)
class UniversalSolution:
    """A solution for all platforms, and the preferences that it was found with.

    `versions` are the versions that are compared with those of other stages.
    """

    solution: Solution
    preferences: Preferences
    versions: Versions


def solve_universal(
    universal: Variant, representative: Variant | None, aligned: Preferences
) -> UniversalSolution:
    """Solve a stage for all platforms; raises FtiError if there is no solution.

    `aligned` are the preferences of the variant that was aligned on the stage's behalf: the
    `representative` platform, or the universal variant itself if that is None.
    """
    if representative is None:
        solution = universal.solve(aligned)
        return UniversalSolution(solution, aligned, solution.versions())
    # Only what has changed on the representative platform is preferred on all.
    alone = representative.solve_alone()
    changed = frozenset(aligned.preferred - alone.versions().items())
    preferences = Preferences(changed)
    try:
        limit = _TIMES * alone.steps + _MORE if changed else None
        solution = universal.solve(preferences, limit)
    except OutOfStepsError:
        preferences = Preferences()
        solution = universal.solve_alone()
    found = solution.versions()
    taken = {name: found[name] for name, _ in preferences.preferred if name in found}
    kept = {name: each for name, each in alone.versions().items() if name in found}
    return UniversalSolution(solution, preferences, kept | taken)
