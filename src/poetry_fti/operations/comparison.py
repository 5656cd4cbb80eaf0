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
from poetry_fti.agreement.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.agreement.reasons import Explanation
    from poetry_fti.model import LockedStage
    from poetry_fti.operations.project import Project

__all__ = ["Change", "Comparison", "Divergence", "Reason", "compare_project", "compare_stages"]

_COMPARABLE: Final = 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The number of packages that at least two stages have, and those whose versions differ."""

    shared: int
    divergences: tuple[Divergence, ...] = ()


def compare_project(
    project: Project, explanations: Sequence[Explanation] = ()
) -> Comparison | None:
    """Return a comparison of the stages with fresh locks, or None if there are fewer than two.

    `explanations` are those that locking has found.
    """
    fresh = [stage.versions for stage in project.stages if project.is_fresh(stage)]
    if len(fresh) < _COMPARABLE:
        return None
    # Names and versions are read fast; the reasons for a difference need the whole locks.
    found = () if agree(fresh) else divergences(project.comparable(), explanations)
    return Comparison(len(shared_names(fresh)), found)


def compare_stages(
    stages: Sequence[LockedStage], explanations: Sequence[Explanation] = ()
) -> Comparison:
    """Return a comparison of locked stages, with the explanations that locking has found."""
    shared = shared_names(versions_by_name(stage.packages) for stage in stages)
    return Comparison(len(shared), divergences(stages, explanations))
