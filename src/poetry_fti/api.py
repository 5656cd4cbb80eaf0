"""The public Python API: locks, updates, exports and checks the stages of a project.

Importing this module imports no part of Poetry; `Project.load` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

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
from poetry_fti.model import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    LockedFile,
    LockedPackage,
    LockedVersion,
    Requirement,
    UrlOrigin,
    Waiver,
)
from poetry_fti.model.stage_state import Phase, StageState
from poetry_fti.operations.check.run import (
    CheckReport,
    CheckRequest,
    chosen_checks,
    run_checks,
)
from poetry_fti.operations.comparison import Change
from poetry_fti.operations.export import ExportRequest, Written, render, render_stage, write
from poetry_fti.operations.feedback import SILENT, Feedback
from poetry_fti.operations.locking.lock import LockRequest, LockResult, lock_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poetry_fti.model import Kind, Platform
    from poetry_fti.operations import project as operations
    from poetry_fti.operations.project import LockState
    from poetry_fti.operations.stage import ProjectStage

__all__ = [
    "SILENT",
    "AmbiguousPackageError",
    "Change",
    "CheckReport",
    "ConfigError",
    "DirectoryOrigin",
    "Feedback",
    "FileOrigin",
    "Finding",
    "FtiError",
    "GitOrigin",
    "IndexFailedError",
    "IndexOrigin",
    "LockResult",
    "LockedFile",
    "LockedPackage",
    "LockedPackages",
    "LockedVersion",
    "Phase",
    "Project",
    "Requirement",
    "Stage",
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

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        # It imports Poetry.
        from poetry_fti.operations.exclusive import exclusive_access  # noqa: PLC0415

        with exclusive_access(self.root, self._feedback):
            self._project = _loaded(self.root)
            yield


class Stage:
    """A stage of a project, as of the last time that the project was loaded or changed."""

    def __init__(self, name: str, project: Callable[[], operations.Project]) -> None:
        """Name a stage of the project that `project` returns; use `Project.stage`."""
        self.name = name
        self._project = project

    @property
    def kind(self) -> Kind:
        """The kind of pipeline: "feature", "training" or "inference"."""
        return self._stage.stage.kind

    @property
    def python(self) -> str:
        """The allowed versions of Python as PEP 440 specifiers; an empty string for any version."""
        return self._stage.python

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms that the stage is locked for; an empty tuple for all platforms."""
        return self._stage.stage.targets.platforms

    @property
    def lock_state(self) -> LockState:
        """The state of its lock: "fresh", "stale", "missing" or "broken"."""
        return self._project().status(self._stage).state

    @property
    def packages(self) -> LockedPackages:
        """The locked packages by name; raises StaleLockError or FtiError unless it is fresh."""
        return LockedPackages(self._project().locked(self._stage).packages)

    def export(self, format_name: str) -> Mapping[str, str]:
        """Return the text of each file of a format by its file name, without writing files.

        Raises ConfigError for an unknown format or one that describes the whole project,
        StaleLockError for a missing or stale lock, FtiError if the format cannot express the stage.
        """
        return render_stage(self._project(), self._stage, format_name)

    @property
    def _stage(self) -> ProjectStage:
        (found,) = self._project().select([self.name])
        return found


class LockedPackages(Mapping[str, LockedPackage]):
    """The packages of a lock by name; names are normalized, so that any spelling is found.

    A lock may contain several versions of a package, each with its marker: see `all`.
    """

    def __init__(self, packages: Iterable[LockedPackage]) -> None:
        """Index packages by their names."""
        self._by_name: dict[str, tuple[LockedPackage, ...]] = {}
        for package in packages:
            known = self._by_name.get(package.name, ())
            self._by_name[package.name] = (*known, package)

    def __getitem__(self, name: str) -> LockedPackage:
        """Return the only version of a package.

        Raises KeyError if it is not locked, AmbiguousPackageError if several versions are.
        """
        found = self._by_name[canonicalize_name(name)]
        if len(found) > 1:
            versions = " and ".join(str(package.version) for package in found)
            message = f"{name} is locked in several versions ({versions}): use packages.all()."
            raise AmbiguousPackageError(message)
        return found[0]

    def __iter__(self) -> Iterator[str]:
        """Yield the normalized names in alphabetical order."""
        return iter(sorted(self._by_name))

    def __len__(self) -> int:
        """Return the number of different names."""
        return len(self._by_name)

    def all(self, name: str) -> tuple[LockedPackage, ...]:
        """Return all locked versions of a package, ascending; an empty tuple if it has none."""
        return self._by_name.get(canonicalize_name(name), ())


def _loaded(path: Path) -> operations.Project:
    # It imports Poetry.
    from poetry_fti.operations.project import load_project  # noqa: PLC0415

    return load_project(path)
