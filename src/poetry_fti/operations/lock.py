"""Locking stages: from their derived projects to the locks on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.agreement.rules import tied
from poetry_fti.errors import ConfigError
from poetry_fti.operations.feedback import SILENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.comparison import Change
    from poetry_fti.bridge.solving.stage_solver import Saving
    from poetry_fti.errors import FtiError
    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """How stages are to be locked.

    `stages` are the names of those that were asked for; others that rules tie to them keep their
    pins if they can. `latest` are packages whose pins are not kept: None for none of them, an
    empty set for all of them. A dry run writes no file.
    """

    stages: frozenset[str]
    regenerate: bool = False
    aligned: bool = True
    latest: frozenset[NormalizedName] | None = None
    dry_run: bool = False

    @classmethod
    def for_update(
        cls,
        project: Project,
        packages: Iterable[str],
        stages: Iterable[str],
        *,
        dry_run: bool = False,
    ) -> LockRequest:
        """Return the request to update packages (all of them if there is no name) in stages.

        Raises ConfigError for an unknown stage, and for a package that no lock contains.
        """
        selected = project.select(stages)
        names = frozenset(map(canonicalize_name, packages))
        for package in sorted(names):
            if not any(package in stage.versions for stage in selected):
                listed = ", ".join(stage.name for stage in selected)
                raise ConfigError(f'No lock has the package "{package}" (stages: {listed}).')
        return cls(
            stages=frozenset(stage.name for stage in selected), latest=names, dry_run=dry_run
        )

    def ignores(self, stage: str) -> bool:
        """Return whether none of the versions in a stage's old lock are kept."""
        anew = self.regenerate or self.latest == frozenset()
        return anew and stage in self.stages


@dataclass(frozen=True, slots=True, kw_only=True)
class LockResult:
    """The result of locking a stage, or the `error` that prevented it.

    `packages` is the number of locked packages; `is_fresh` is true for a lock that was left
    alone, `is_first` for a stage that had no readable lock before; `seconds` is the time spent.
    """

    packages: int = 0
    is_fresh: bool = False
    is_first: bool = False
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    saving: Saving | None = None
    error: FtiError | None = None


def lock_stages(
    project: Project,
    stages: Sequence[ProjectStage],
    request: LockRequest,
    feedback: Feedback = SILENT,
) -> dict[str, LockResult]:
    """Bring the locks of stages up to date; an error of one leaves the others.

    Stages that a rule ties to one of them are locked with it.
    """
    stale = _to_solve(project, stages, request)
    results = {
        stage.name: LockResult(packages=count(stage.versions), is_fresh=True)
        for stage in stages
        if stage not in stale and project.is_fresh(stage)  # else there is no package to update
    }
    if stale:
        # The resolver takes long to import, and is not needed for fresh locks.
        from poetry_fti.operations.solve import solve_stages  # noqa: PLC0415

        results |= solve_stages(project, stale, request, feedback)
    return {stage.name: results[stage.name] for stage in project.stages if stage.name in results}


def _to_solve(
    project: Project, stages: Sequence[ProjectStage], request: LockRequest
) -> list[ProjectStage]:
    names = {stage.name for stage in stages if _is_touched(project, stage, request)}
    for group in tied([stage.name for stage in project.stages], project.rules):
        if not names.isdisjoint(group):
            names.update(group)
    return [stage for stage in project.stages if stage.name in names]


def _is_touched(project: Project, stage: ProjectStage, request: LockRequest) -> bool:
    if request.latest is None:
        return request.regenerate or not project.is_fresh(stage)
    return not request.latest or not request.latest.isdisjoint(stage.versions)


def count(versions: Mapping[NormalizedName, Collection[Version]]) -> int:
    """Return the number of packages in a lock; two versions of a package count twice."""
    return sum(map(len, versions.values()))
