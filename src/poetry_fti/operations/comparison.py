"""Compares the stages of a project: shared packages, and differences between versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.agreement.comparison import (
    Change,
    Divergence,
    agree,
    divergences,
    shared_names,
    versions_by_name,
)
from poetry_fti.agreement.held_back import HeldBack, excluded_by, held_back_by_locks, is_direct
from poetry_fti.agreement.places import origin_texts, places_text
from poetry_fti.agreement.reasons import Explanation, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project

__all__ = [
    "Change",
    "Comparison",
    "Divergence",
    "Explanation",
    "HeldBack",
    "Reason",
    "compare_project",
    "compare_stages",
    "excluded_by",
    "held_back_in",
    "is_direct",
    "origin_texts",
    "places_text",
]

_COMPARABLE: Final = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The number of packages that at least two stages have, and those that differ between them.

    `stages` are the compared stages, if their whole locks had to be read.
    """

    shared: int
    divergences: tuple[Divergence, ...] = ()
    stages: tuple[LockedStage, ...] = ()


def compare_project(
    project: Project, explanations: Sequence[Explanation] = ()
) -> Comparison | None:
    """Return a comparison of the stages with fresh locks, or None if there are fewer than two.

    `explanations` are those that locking has found.
    """
    fresh = [stage.locked_versions for stage in project.stages if project.is_fresh(stage)]
    if len(fresh) < _COMPARABLE:
        return None
    # Names and versions are read fast; the reasons for a difference need the whole locks.
    stages = () if agree(fresh) else project.comparable()
    return Comparison(len(shared_names(fresh)), divergences(stages, explanations), stages)


def compare_stages(
    stages: Sequence[LockedStage], explanations: Sequence[Explanation] = ()
) -> Comparison:
    """Return a comparison of locked stages, with the explanations that locking has found."""
    shared = shared_names(versions_by_name(stage.packages) for stage in stages)
    return Comparison(len(shared), divergences(stages, explanations), tuple(stages))


def held_back_in(
    name: str,
    stages: Sequence[LockedStage],
    latest: Mapping[NormalizedName, Version],
    project: Project,
) -> tuple[HeldBack, ...]:
    """Return the packages of a stage that have no `latest` version for the sake of other stages.

    `stages` are the locked stages of the project; only what their locks show is returned.
    """
    siblings = [each for each in stages if each.stage.name != name]
    own = next((each for each in stages if each.stage.name == name), None)
    rules = [*project.rules, *project.exemptions]
    return held_back_by_locks(own, siblings, latest, rules) if own else ()
