"""The public Python API: locks, updates, exports, checks and compares the stages of a project.

Importing this module imports no part of Poetry; `Project.load` does.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from poetry_fti.api.stage import LockedPackages, Stage
from poetry_fti.checks import Finding
from poetry_fti.checks.shared.settings import Waived
from poetry_fti.errors import (
    AmbiguousPackageError,
    ConfigError,
    FtiError,
    IndexFailedError,
    StaleLockError,
    UnsolvableError,
)
from poetry_fti.model.check import Waiver
from poetry_fti.model.lock import LockedFile, LockedPackage, Requirement
from poetry_fti.model.locked_version import LockedVersion
from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from poetry_fti.model.stage_state import Phase, StageState
from poetry_fti.operations.affected.report import AffectedReport, Reason, StageChanges
from poetry_fti.operations.check.run import (
    CheckReport,
    CheckRequest,
    chosen_checks,
    run_checks,
)
from poetry_fti.operations.comparison import Change
from poetry_fti.operations.diff.differences import Difference, Differences, Entry, LockSize
from poetry_fti.operations.diff.history import Crossing, History, StageHistory
from poetry_fti.operations.diff.pair import StagePair, compare_pair
from poetry_fti.operations.diff.requirement_changes import RequirementChange
from poetry_fti.operations.export import ExportRequest, Written, render, write
from poetry_fti.operations.feedback import SILENT, Feedback
from poetry_fti.operations.locking.lock import LockRequest, LockResult, lock_stages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from poetry_fti.operations import project as operations

__all__ = [
    "SILENT",
    "AffectedReport",
    "AmbiguousPackageError",
    "Change",
    "CheckReport",
    "ConfigError",
    "Crossing",
    "Difference",
    "Differences",
    "DirectoryOrigin",
    "Entry",
    "Feedback",
    "FileOrigin",
    "Finding",
    "FtiError",
    "GitOrigin",
    "History",
    "IndexFailedError",
    "IndexOrigin",
    "LockResult",
    "LockSize",
    "LockedFile",
    "LockedPackage",
    "LockedPackages",
    "LockedVersion",
    "Phase",
    "Project",
    "Reason",
    "Requirement",
    "RequirementChange",
    "Stage",
    "StageChanges",
    "StageHistory",
    "StagePair",
    "StageState",
    "StaleLockError",
    "UnsolvableError",
    "UrlOrigin",
    "Waived",
    "Waiver",
    "Written",
]


class Project:
    """A project with pipeline stages, as it was on disk when it was loaded.

    Methods that write wait for other poetry-fti commands that write into the same project, and
    then reload pyproject.toml and the locks.
    """

    def __init__(self, project: operations.Project, feedback: Feedback) -> None:
        """Wrap a project that has been read. Use `Project.load` instead."""
        self._project = project
        self._feedback = feedback

    @classmethod
    def load(cls, path: str | Path = ".", *, feedback: Feedback = SILENT) -> Project:
        """Return the project of a folder, or of its nearest parent with a pyproject.toml.

        `feedback` receives the progress of later calls. Raises FtiError if there is no
        pyproject.toml, ConfigError if it is not valid.
        """
        return cls(_loaded(Path(path)), feedback)

    @property
    def root(self) -> Path:
        """The absolute path of the folder that contains the pyproject.toml."""
        return self._project.root

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, in the order feature, training, inference and then by name."""
        return tuple(self.stage(stage.name) for stage in self._project.stages)

    def stage(self, name: str) -> Stage:
        """Return the stage with this name; raises ConfigError if it does not exist."""
        (found,) = self._project.select([name])
        return Stage(found.name, lambda: self._project)

    def lock(
        self, stages: Iterable[str] = (), *, regenerate: bool = False, align: bool = True
    ) -> Mapping[str, LockResult]:
        """Lock stages, by default all of them; return the result of each stage by its name.

        Equivalent to `poetry fti lock`. If a stage cannot be locked, its result has an `error`.
        Raises ConfigError for an unknown stage or an invalid pyproject.toml.
        """
        with self._exclusive():
            selected = self._project.select(stages)
            names = frozenset(stage.name for stage in selected)
            request = LockRequest(stages=names, regenerate=regenerate, aligned=align)
            return lock_stages(self._project, selected, request, self._feedback)

    def update(
        self, packages: Iterable[str] = (), *, stages: Iterable[str] = (), dry_run: bool = False
    ) -> Mapping[str, LockResult]:
        """Update packages, by default all, in the locks of stages; return each stage's result.

        Equivalent to `poetry fti update`. A dry run writes no file. Raises ConfigError for an
        unknown stage, a package that no lock contains, or an invalid pyproject.toml.
        """
        with self._exclusive():
            request = LockRequest.for_update(self._project, packages, stages, dry_run=dry_run)
            selected = self._project.select(request.stages)
            return lock_stages(self._project, selected, request, self._feedback)

    def export(self, stages: Iterable[str] = (), *, formats: Iterable[str] = ()) -> Written:
        """Write the files of stages, by default of all, in the given or the configured formats.

        Without `formats`, files of earlier exports in other formats are written, too.
        Equivalent to `poetry fti export`. Raises ConfigError for an unknown stage or format,
        StaleLockError for a missing or stale lock, FtiError if a format cannot express a stage.
        """
        chosen = tuple(formats)
        with self._exclusive():
            request = ExportRequest(
                stages=self._project.select(stages),
                formats=chosen or self._project.config.exports,
                partial=not chosen,
                follow=not chosen,
            )
            return write(self._project, render(self._project, request))

    def check(self, stages: Iterable[str] = (), *, checks: Iterable[str] = ()) -> CheckReport:
        """Run checks on stages, by default all checks on all stages; return what they find.

        Equivalent to `poetry fti check` with `--only` for each of `checks`; no file is written.
        Raises ConfigError for an unknown stage or check.
        """
        request = CheckRequest(stages=tuple(stages), checks=chosen_checks(checks, ()))
        return run_checks(self._project, request)

    def diff(self, first: str, second: str) -> StagePair:
        """Compare the locks of two stages as they are on disk; return their differences.

        Equivalent to `poetry fti diff FIRST SECOND`. Raises ConfigError for an unknown stage,
        StaleLockError for a missing lock, FtiError for one that cannot be read.
        """
        return compare_pair(self._project, first, second)

    def diff_since(self, revision: str, stages: Iterable[str] = ()) -> History:
        """Compare the locks of stages, by default of all, with those of a git revision.

        Equivalent to `poetry fti diff --since REVISION`. Raises ConfigError for an unknown stage,
        FtiError if there is no git repository or no such revision.
        """
        # It imports Poetry.
        from poetry_fti.operations.diff.since import compare_since  # noqa: PLC0415

        return compare_since(self._project, tuple(stages), revision)

    def affected(self, since: str) -> AffectedReport:
        """Return all stages, each with the reasons why changes since a git revision affect it.

        Equivalent to `poetry fti affected --since REVISION`. Raises FtiError if there is no git
        repository or no such revision.
        """
        # It imports Poetry.
        from poetry_fti.operations.affected.run import affected_stages  # noqa: PLC0415

        return affected_stages(self._project, since)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        # It imports Poetry.
        from poetry_fti.operations.exclusive import exclusive_access  # noqa: PLC0415

        with exclusive_access(self.root, self._feedback):
            self._project = _loaded(self.root)
            yield


def _loaded(path: Path) -> operations.Project:
    # It imports Poetry.
    from poetry_fti.operations.project import load_project  # noqa: PLC0415

    return load_project(path)
