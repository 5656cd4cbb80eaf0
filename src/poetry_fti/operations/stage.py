"""A stage of the project: its derived project, and its lock as it is on disk."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti import files
from poetry_fti.agreement.comparison import versions_by_name
from poetry_fti.bridge.index.monitor import pool_indexes
from poetry_fti.bridge.lock import preferences
from poetry_fti.bridge.lock.conditions import digest
from poetry_fti.bridge.lock.lock_text import lock_text
from poetry_fti.bridge.lock.locked import (
    SolvedLock,
    direct_requirements,
    lock_digest,
    outline,
    read_packages,
    require_files,
)
from poetry_fti.bridge.lock.locker import LockStatus, StageLocker, lock_status, quick_status
from poetry_fti.bridge.project import pyproject as bridge
from poetry_fti.bridge.project.code import project_code
from poetry_fti.bridge.project.derive import derive
from poetry_fti.bridge.project.toml import pyproject_text
from poetry_fti.errors import FtiError, StaleLockError
from poetry_fti.model import IndexOrigin, LockedStage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.bridge.solving.resolver import SolvedPackages
    from poetry_fti.model import LockedPackage, Stage
    from poetry_fti.operations.project import Project

_READ: Final = ("locker", "quick_status", "status", "packages", "pins", "versions")


class StageProject:
    """A stage with its derived project. Its lock is read at most once, until `reread`."""

    def __init__(self, stage: Stage, project: Project) -> None:
        """Derive the project of a stage."""
        self.stage = stage
        self.name = stage.name
        self.folder = project.config.directory / stage.name
        self._project = project
        up = PurePosixPath(posixpath.relpath(".", self.folder))
        self._outline: tuple[LockedPackage, ...] = ()
        self._data = derive(project.pyproject, stage, up)

    @property
    def lock(self) -> Path:
        """The path of the lock."""
        return self._project.root / self.folder / "poetry.lock"

    @property
    def python(self) -> str:
        """The specifiers of the stage's Python, empty for any."""
        return bridge.python_specifiers(str(bridge.derived_python(self._data)))

    def root(self) -> ProjectPackage:
        """Return the derived project as it is to be solved; raises ConfigError."""
        package = bridge.derived_package(self._data, self.lock.parent)
        bridge.require_sources(package, self._project.poetry.pool)
        return package

    def solved(self, packages: SolvedPackages) -> SolvedLock:
        """Return a lock that holds these packages.

        Raises FtiError for a package that cannot be installed where the stage runs.
        """
        python = bridge.derived_python(self._data)
        require_files(packages, self.stage, python)
        text = lock_text(self.locker, self.root(), packages)
        return SolvedLock(text, outline(packages, self.stage, python))

    @cached_property
    def digest(self) -> str:
        """The digest of what the stage asks for."""
        return digest(self.stage, StageLocker(self.lock, self._data, {}).content_hash)

    @cached_property
    def locker(self) -> StageLocker:
        """The lock, as Poetry reads it."""
        return StageLocker(self.lock, self._data, self._project.conditions(self.stage))

    @cached_property
    def quick_status(self) -> LockStatus:
        """The state of the lock for who only locks; its strings are not read, if it looks whole."""
        return self._kept_rules(quick_status(self.locker))

    @property
    def is_fresh(self) -> bool:
        """Whether there is nothing to lock."""
        return self.quick_status.state == "fresh"

    @cached_property
    def status(self) -> LockStatus:
        """The state of the lock."""
        return self._kept_rules(lock_status(self.locker))

    def _kept_rules(self, status: LockStatus) -> LockStatus:
        # Locks that were not solved together may have come together, by a merge for one.
        if status.state != "fresh" or self._project.agrees(self.stage):
            return status
        return replace(status, state="stale", reason="it breaks a rule of tool.fti.align")

    @cached_property
    def packages(self) -> tuple[LockedPackage, ...]:
        """What the lock installs, if its status says that it can be read; raises FtiError."""
        python = bridge.derived_python(self._data)
        return read_packages(self.locker, self.stage, python, self._project.root)

    @property
    def text(self) -> str:
        """The text of the lock, empty where there is none that can be read."""
        try:
            return files.read(self.lock) or ""
        except OSError:  # its status tells
            return ""

    @cached_property
    def pins(self) -> Sequence[Pin]:
        """What the lock holds, both sides of a merge; it is read fast."""
        return preferences.read(self.text)

    @cached_property
    def versions(self) -> Mapping[NormalizedName, tuple[Version, ...]]:
        """The versions of each package in the lock, ascending."""
        return preferences.versions(self.pins)

    def reread(self) -> None:
        """Forget the lock: it may have changed."""
        self._outline = ()
        for name in _READ:
            self.__dict__.pop(name, None)

    def write(self, lock: SolvedLock) -> None:
        """Replace the lock by a fresh one, unless it says the same already; raises OSError."""
        # Another version of Poetry in the first line alone is no reason to touch the file.
        if _body(lock.text) != _body(self.text):
            files.replace({self.lock: lock.text})
        self.reread()
        # It need not be read to know what it says.
        self._outline = lock.packages
        self.quick_status = LockStatus("fresh", is_readable=True)
        self.versions = versions_by_name(lock.packages)

    def problem(self) -> str:
        """Say what is wrong with a lock that is not fresh, and what to do."""
        path = self.folder / "poetry.lock"
        if self.status.is_merging:
            return (
                f"{path} holds merge markers. Rebuild it from both sides with"
                f" `poetry fti lock {self.name}`."
            )
        if self.status.state == "broken":
            return (
                f"{path} cannot be read: {self.status.reason}. Restore it, or solve the stage anew"
                f" with `poetry fti lock {self.name} --regenerate`."
            )
        state = "is missing" if self.status.state == "missing" else "does not match pyproject.toml"
        if self.status.reason:
            state = self.status.reason.removeprefix("it ")
        return f"{path} {state}. Run `poetry fti lock {self.name}`."

    def compared(self) -> LockedStage:
        """Return the stage as it is compared with others; raises StaleLockError if stale."""
        packages = self._outline or self.locked().packages
        return LockedStage(
            stage=self.stage,
            folder=self.folder,
            requires_python=self.python,
            digest="",
            packages=packages,
            requirements=direct_requirements(self.root()),
        )

    def locked(self) -> LockedStage:
        """Return the stage with its locked packages; raises StaleLockError if stale."""
        if self.status.state != "fresh":
            kind = FtiError if self.status.state == "broken" else StaleLockError
            raise kind(self.problem())
        package = bridge.derived_package(self._data, self.lock.parent)
        origins = [each.origin for each in self.packages]
        used = {origin.name for origin in origins if isinstance(origin, IndexOrigin)}
        return LockedStage(
            stage=self.stage,
            folder=self.folder,
            requires_python=self.python,
            digest=lock_digest(self.lock),
            packages=self.packages,
            requirements=direct_requirements(package),
            indexes=tuple(i for i in pool_indexes(self._project.poetry.pool) if i.name in used),
            code=project_code(self._project.poetry),
            pyproject=pyproject_text(self._data),
            project=bridge.project_name(self._project.pyproject),
        )


def _body(text: str) -> str:
    return text.replace("\r\n", "\n").partition("\n")[2]
