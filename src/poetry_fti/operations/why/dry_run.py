"""What an update would change in the locks of stages, without writing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.agreement.comparison import changes
from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.bridge.solving.exclusion.possibility import VersionChange
from poetry_fti.errors import FtiError
from poetry_fti.operations.locking.lock import LockRequest, lock_stages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.comparison import Change
    from poetry_fti.agreement.held_back import HeldBack
    from poetry_fti.bridge.solving.outcome import Outcome
    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

_COMMAND: Final = "poetry fti update"


@dataclass(frozen=True, slots=True)
class DryRun:
    """The result of a command that updates stages, by stage.

    `held_back` are the packages that are older for the sake of other stages.
    """

    command: str
    changes: Mapping[str, tuple[VersionChange, ...]]
    held_back: Mapping[str, Sequence[HeldBack]]

    def version(self, stage: ProjectStage, name: NormalizedName) -> Version | None:
        """Return the lowest version of a package in a stage afterwards; None without it."""
        for change in self.changes.get(stage.name, ()):
            if change.name == name:
                return change.after[0] if change.after else None
        return stage.versions[name][0]

    def held(self, stage: ProjectStage, name: NormalizedName) -> HeldBack | None:
        """Return how agreement holds back a package in a stage; None if it does not."""
        found = (each for each in self.held_back.get(stage.name, ()) if each.package == name)
        return next(found, None)


def solved_update(
    project: Project, name: NormalizedName, outcomes: Mapping[str, Outcome]
) -> DryRun:
    """Return the update of one package, from the outcomes of solving the stages for it.

    Raises the FtiError of a stage that could not be solved.
    """
    changed: dict[str, tuple[VersionChange, ...]] = {}
    held_back: dict[str, Sequence[HeldBack]] = {}
    for stage in project.stages:
        outcome = outcomes.get(stage.name)
        if isinstance(outcome, FtiError):
            raise outcome
        if outcome is not None:
            after = locked_by_name(outcome.lock.packages)
            changed[stage.name] = _versions(changes(stage.locked_versions, after))
            held_back[stage.name] = outcome.held_back
    return DryRun(f"{_COMMAND} {name}", changed, held_back)


def dry_run(project: Project, names: Sequence[str], feedback: Feedback) -> DryRun:
    """Solve the stages for an update of packages; no names stand for all packages.

    Raises the FtiError of a stage that cannot be solved.
    """
    request = LockRequest.for_update(project, names, [], dry_run=True)
    results = lock_stages(project, project.stages, request, feedback)
    for result in results.values():
        if result.error:
            raise result.error
    return DryRun(
        " ".join([_COMMAND, *names]),
        {stage: _versions(result.changes) for stage, result in results.items()},
        {stage: result.held_back for stage, result in results.items()},
    )


def _versions(found: Sequence[Change]) -> tuple[VersionChange, ...]:
    """Return changes without the origins of the versions."""
    return tuple(
        VersionChange(
            each.name,
            tuple(locked.version for locked in each.before),
            tuple(locked.version for locked in each.after),
        )
        for each in found
    )
