"""Locking stages: from their derived projects to the locks on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from poetry_fti.agreement.rules import tied

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.comparison import Change
    from poetry_fti.bridge.solving.outcome import Saving
    from poetry_fti.errors import FtiError
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import StageProject


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """How stages are to be locked.

    `stages` are those that were asked for; others that rules tie to them keep their pins if they
    can. `latest` are packages whose pins are not kept (all of them, if it is empty); None keeps
    pins. A dry run writes nothing.
    """

    stages: frozenset[str]
    regenerate: bool = False
    aligned: bool = True
    latest: frozenset[NormalizedName] | None = None
    dry_run: bool = False

    def touches(self, stage: StageProject) -> bool:
        """Tell whether a stage is solved: not if its lock is fresh, or has nothing to update."""
        if self.latest is None:
            return self.regenerate or not stage.is_fresh
        return not self.latest or not self.latest.isdisjoint(stage.versions)

    def ignores(self, stage: StageProject) -> bool:
        """Tell whether no version of a stage's old lock counts."""
        anew = self.regenerate or self.latest == frozenset()
        return anew and stage.name in self.stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What locking a stage came to; `first` is true where it had no readable lock before."""

    packages: int
    fresh: bool = False
    first: bool = False
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    saving: Saving | None = None


Result: TypeAlias = "Locked | FtiError"


def lock_stages(
    project: Project, stages: Sequence[StageProject], io: IO, request: LockRequest
) -> dict[str, Result]:
    """Bring the locks of stages up to date; an error of one leaves the others.

    Stages that a rule ties to one of them are locked with it.
    """
    stale = _to_solve(project, stages, request)
    results: dict[str, Result] = {
        stage.name: Locked(packages=count(stage.versions), fresh=True)
        for stage in stages
        if stage not in stale and stage.is_fresh  # else it only has nothing to update
    }
    if stale:
        # What solves is imported for those only who have something to solve.
        from poetry_fti.operations.solve import solve_stages  # noqa: PLC0415

        results |= solve_stages(project, stale, io, request)
    return {stage.name: results[stage.name] for stage in project.stages if stage.name in results}


def _to_solve(
    project: Project, stages: Sequence[StageProject], request: LockRequest
) -> list[StageProject]:
    names = {stage.name for stage in stages if request.touches(stage)}
    for group in tied([stage.name for stage in project.stages], project.rules):
        if not names.isdisjoint(group):
            names.update(group)
    return [stage for stage in project.stages if stage.name in names]


def count(versions: Mapping[NormalizedName, Collection[Version]]) -> int:
    """Return how many packages a lock holds."""
    return sum(map(len, versions.values()))
