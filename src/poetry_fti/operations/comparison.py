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
from poetry_fti.agreement.places import origin_texts, places_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model import LockedStage
    from poetry_fti.operations.project import Project

__all__ = [
    "Change",
    "Comparison",
    "Divergence",
    "compare_project",
    "compare_stages",
    "origin_texts",
    "places_text",
]

_COMPARABLE: Final = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The number of packages that at least two stages have, and those that differ between them."""

    shared: int
    divergences: tuple[Divergence, ...] = ()


def compare_project(project: Project) -> Comparison | None:
    """Return a comparison of the stages with fresh locks, or None if there are fewer than two."""
    fresh = [stage.locked_versions for stage in project.stages if project.is_fresh(stage)]
    if len(fresh) < _COMPARABLE:
        return None
    # Names and versions are read fast; the reasons for a difference need the whole locks.
    found = () if agree(fresh) else divergences(project.comparable())
    return Comparison(len(shared_names(fresh)), found)


def compare_stages(stages: Sequence[LockedStage]) -> Comparison:
    """Return a comparison of locked stages."""
    shared = shared_names(versions_by_name(stage.packages) for stage in stages)
    return Comparison(len(shared), divergences(stages))
