"""A stage of a project: its derived project, and its lock on disk."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from poetry_fti import files
from poetry_fti.bridge.lock.stage_lock import StageLock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.versions import LockedVersions
    from poetry_fti.bridge.lock.locked import SolvedLock
    from poetry_fti.bridge.lock.locker import LockStatus
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model.lock import Requirement
    from poetry_fti.model.stage import Stage


class ProjectStage:
    """A stage with its lock, which is read once, and again after `write` or `reread`.

    Whether the lock is fresh also depends on other stages: see `Project.status`.
    """

    def __init__(self, derived: DerivedStage, conditions: Mapping[str, Any]) -> None:
        """Create a stage whose lock is stale unless its `[metadata.fti]` equals `conditions`."""
        self.derived = derived
        self._conditions = conditions
        self.lock = StageLock(derived, conditions, self._text)
        self._replaced: tuple[str, str] | None = None

    @property
    def stage(self) -> Stage:
        """The configuration of the stage."""
        return self.derived.stage

    @property
    def name(self) -> str:
        """The name of the stage."""
        return self.derived.stage.name

    @property
    def folder(self) -> PurePosixPath:
        """The path of the stage's folder, relative to the project's root."""
        return self.derived.folder

    @property
    def path(self) -> Path:
        """The absolute path of the lock."""
        return self.derived.lock

    @property
    def python(self) -> str:
        """The allowed versions of Python as PEP 440 specifiers; an empty string for any version."""
        return self.derived.requires_python

    @cached_property
    def requirements(self) -> tuple[Requirement, ...]:
        """The direct (not transitive) requirements of the stage that apply on its targets."""
        from poetry_fti.bridge.lock.dependencies.requirements import (  # noqa: PLC0415 - slow
            direct_requirements,
        )

        return direct_requirements(self.derived.package(), self.stage.targets)

    @property
    def versions(self) -> Mapping[NormalizedName, tuple[Version, ...]]:
        """The locked versions of each package, ascending; empty without a readable lock."""
        return self.lock.versions

    @property
    def locked_versions(self) -> LockedVersions:
        """The locked versions with their origins; empty without a readable lock."""
        return self.lock.locked_versions

    def reread(self) -> None:
        """Discard what has been read of the lock, so that it is read from disk again."""
        self.lock = StageLock(self.derived, self._conditions, self._text)

    def write(self, solved: SolvedLock) -> None:
        """Replace the lock, unless only its first line differs.

        The first line contains the version of Poetry, which alone is no reason to change the file.
        Raises OSError, and ChangedFileError if the lock is no longer what has been read.
        """
        before = self.lock.text
        if _body(solved.text) != _body(before):
            self._replaced = before, solved.text
            files.replace({self.path: solved.text}, self.derived.root, before={self.path: before})
        self.lock = StageLock(self.derived, self._conditions, self._text, solved.packages)

    def undo(self) -> None:
        """Restore the lock that `write` has replaced, unless it has been changed since."""
        before, after = self._replaced or ("", None)
        if after is None or files.lf_only(self._text()) != files.lf_only(after):
            return
        if before:
            files.replace({self.path: before}, self.derived.root)
        else:
            files.remove([self.path])

    def _text(self) -> str:
        try:
            return files.read(self.path) or ""
        except OSError:  # the status of the lock reports it
            return ""


def _body(text: str) -> str:
    return files.lf_only(text).partition("\n")[2]


def lock_problem(stage: ProjectStage, status: LockStatus) -> str:
    """Return a message on a lock that is not fresh, with the command that repairs it."""
    path, command = stage.folder / "poetry.lock", f"poetry fti lock {stage.name}"
    if status.is_merging:
        return f"{path} contains merge markers. Rebuild it from both sides with `{command}`."
    if status.state == "broken":
        return (
            f"{path} cannot be read: {status.reason}. Restore it, or lock the stage from scratch"
            f" with `{command} --regenerate`."
        )
    state = "is missing" if status.state == "missing" else "does not match pyproject.toml"
    if status.reason:
        state = status.reason.removeprefix("it ")
    return f"{path} {state}. Run `{command}`."
