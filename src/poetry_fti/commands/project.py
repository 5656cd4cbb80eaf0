"""The project that a command works on: its stages, their derived projects and their locks."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from poetry_fti.bridge import project as bridge
from poetry_fti.bridge.derive import derive
from poetry_fti.bridge.index import pool_indexes
from poetry_fti.bridge.locked import direct_requirements, lock_digest, read_packages
from poetry_fti.bridge.locker import StageLocker, lock_status
from poetry_fti.bridge.sources import hide_credentials
from poetry_fti.bridge.toml import pyproject_text
from poetry_fti.config import read_config
from poetry_fti.errors import ConfigError, FtiError, LateError, ProblemsError
from poetry_fti.exporters import EXPORTERS
from poetry_fti.model import IndexOrigin, LockedStage, Problem
from poetry_fti.stages import read_groups, read_stages, unknown_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from poetry.poetry import Poetry

    from poetry_fti.bridge.locker import LockStatus
    from poetry_fti.config import Config
    from poetry_fti.model import LockedPackage, Stage


class Project:
    """A pyproject.toml with stages, valid as far as poetry-fti and Poetry can tell."""

    def __init__(self, start: Path, create_poetry: Callable[[], Poetry]) -> None:
        """Read the project of a folder; raises ConfigError with all that is wrong with it."""
        path = bridge.find_pyproject(start)
        self.root = path.parent
        self.pyproject = bridge.read_pyproject(path)
        self.config, self.stages = _read(self.pyproject)
        with bridge.refusals():
            self.poetry = create_poetry()
            hide_credentials(self.poetry)

    def select(self, names: Iterable[str]) -> tuple[Stage, ...]:
        """Return the stages of these names, all without any; raises ConfigError."""
        wanted = list(names)
        for name in wanted:
            if name not in {stage.name for stage in self.stages}:
                raise ConfigError(unknown_stage(name, self.stages))
        return tuple(stage for stage in self.stages if not wanted or stage.name in wanted)

    def folder(self, stage: Stage) -> PurePosixPath:
        """Return a stage's folder, relative to the root."""
        return self.config.directory / stage.name

    def derived_data(self, stage: Stage) -> dict[str, Any]:
        """Return what a stage's derived pyproject.toml says."""
        up = PurePosixPath(posixpath.relpath(".", self.folder(stage)))
        return derive(self.pyproject, stage, up)

    def derived(self, stage: Stage) -> Poetry:
        """Return a stage's derived project, ready to be locked."""
        folder = self.root / self.folder(stage)
        return bridge.derived_poetry(self.poetry, self.derived_data(stage), folder)

    def locker(self, stage: Stage) -> StageLocker:
        """Return a stage's lock as it is on disk."""
        path = self.root / self.folder(stage) / "poetry.lock"
        return StageLocker(path, self.derived_data(stage))

    def status(self, stage: Stage) -> LockStatus:
        """Return the state of a stage's lock."""
        return lock_status(self.locker(stage))

    def is_current_format(self, stage: Stage) -> bool:
        """Tell whether a readable lock has groups and markers (lock version 2.1)."""
        return self.locker(stage).is_locked_groups_and_markers()

    def python(self, stage: Stage) -> str:
        """Return the specifiers of a stage's Python, empty for any."""
        return bridge.python_specifiers(str(bridge.derived_python(self.derived_data(stage))))

    def problem_with(self, stage: Stage, status: LockStatus) -> str:
        """Say what is wrong with a lock that is not fresh, and what to do."""
        path = self.folder(stage) / "poetry.lock"
        if status.state == "broken":
            return (
                f"{path} cannot be read: {status.reason}. Restore it, or solve the stage anew"
                f" with `poetry fti lock {stage.name} --regenerate`."
            )
        state = "is missing" if status.state == "missing" else "does not match pyproject.toml"
        return f"{path} {state}. Run `poetry fti lock {stage.name}`."

    def packages(self, stage: Stage) -> tuple[LockedPackage, ...]:
        """Return what a stage's readable lock installs."""
        python = bridge.derived_python(self.derived_data(stage))
        return read_packages(self.locker(stage), stage, python, self.root)

    def comparable(self) -> tuple[LockedStage, ...]:
        """Return the stages whose locks are fresh and can be installed, with what they hold."""
        found = []
        for stage in self.stages:
            with suppress(FtiError):  # locking or exporting the stage itself tells
                found.append(self.locked(stage))
        return tuple(found)

    def locked(self, stage: Stage) -> LockedStage:
        """Return a stage with what its lock holds; raises LateError where it is not fresh."""
        status = self.status(stage)
        if status.state != "fresh":
            kind = FtiError if status.state == "broken" else LateError
            raise kind(self.problem_with(stage, status))
        data = self.derived_data(stage)
        packages = self.packages(stage)
        package = bridge.derived_package(data, self.root / self.folder(stage))
        indexes = pool_indexes(self.poetry.pool)
        used = {
            package.origin.name for package in packages if isinstance(package.origin, IndexOrigin)
        }
        return LockedStage(
            stage=stage,
            folder=self.folder(stage),
            requires_python=bridge.python_specifiers(package.python_versions),
            digest=lock_digest(self.locker(stage).lock),
            packages=packages,
            requirements=direct_requirements(package),
            indexes=tuple(index for index in indexes if index.name in used),
            code=bridge.project_code(self.poetry),
            pyproject=pyproject_text(data),
        )


def _read(pyproject: Mapping[str, Any]) -> tuple[Config, tuple[Stage, ...]]:
    if not isinstance(pyproject.get("tool", {}), Mapping):
        raise ProblemsError([Problem("tool", "must be a table")])
    problems = bridge.schema_problems(pyproject)
    misshapen = bool(problems)
    config = read_config(pyproject, EXPORTERS, problems)
    if misshapen:  # the groups may be anything
        raise ProblemsError(problems)
    groups = read_groups(pyproject, problems)
    stages = read_stages(config, groups, bridge.project_extras(pyproject), problems)
    if problems:
        raise ProblemsError(problems)
    return config, stages
