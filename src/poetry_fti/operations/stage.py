"""A stage of a project: its derived project, and its lock as it is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti import files
from poetry_fti.bridge.lock.stage_lock import StageLock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.bridge.lock.locked import SolvedLock
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model import Stage


class ProjectStage:
    """A stage with its lock, which is read again only after it has changed.

    Whether the lock is fresh depends on other stages too: see `Project.status`.
    """

    def __init__(self, derived: DerivedStage, conditions: Mapping[str, Any]) -> None:
        """Expect a lock that was solved under these conditions (the table `[metadata.fti]`)."""
        self.derived = derived
        self._conditions = conditions
        self.lock = StageLock(derived, conditions, self._text)

    @property
    def stage(self) -> Stage:
        """The stage as it is configured."""
        return self.derived.stage

    @property
    def name(self) -> str:
        """The name of the stage."""
        return self.derived.stage.name

    @property
    def folder(self) -> PurePosixPath:
        """The stage's folder, relative to the project's root."""
        return self.derived.folder

    @property
    def path(self) -> Path:
        """The absolute path of the lock."""
        return self.derived.lock

    @property
    def python(self) -> str:
        """The Pythons that the stage allows, as PEP 440 specifiers; empty for any."""
        return self.derived.requires_python

    @property
    def versions(self) -> Mapping[NormalizedName, tuple[Version, ...]]:
        """The versions of each package in the lock, ascending."""
        return self.lock.versions

    def reread(self) -> None:
        """Forget what has been read of the lock, which something else may have changed."""
        self.lock = StageLock(self.derived, self._conditions, self._text)

    def write(self, solved: SolvedLock) -> None:
        """Replace the lock unless only its first line differs; raises OSError.

        That line names the version of Poetry, which alone is no reason to touch the file.
        """
        if _body(solved.text) != _body(self._text()):
            files.replace({self.path: solved.text})
        self.lock = StageLock(self.derived, self._conditions, self._text, solved.packages)

    def _text(self) -> str:
        try:
            return files.read(self.path) or ""
        except OSError:  # the status of the lock reports it
            return ""


def _body(text: str) -> str:
    return text.replace("\r\n", "\n").partition("\n")[2]
