"""A project with its stages, and the states of their locks with regard to each other."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poetry_fti import files
from poetry_fti.agreement.rules import hold, of_several_origins, tied
from poetry_fti.bridge.accepted import is_accepted
from poetry_fti.bridge.lock.conditions import lock_conditions
from poetry_fti.bridge.lock.locker import LockState, LockStatus
from poetry_fti.bridge.lock.stage_lock import stage_digest
from poetry_fti.bridge.poetry_project import PoetryProject, create_poetry
from poetry_fti.bridge.project import pyproject as project_file
from poetry_fti.bridge.project.checks import POETRY_CHECKS
from poetry_fti.bridge.project.derived_stage import derived_stage
from poetry_fti.bridge.project.paths.packages import PathPackages
from poetry_fti.config.pyproject import read_pyproject
from poetry_fti.config.stages import unknown_stage
from poetry_fti.errors import ConfigError, FtiError, ProblemsError, StaleLockError
from poetry_fti.operations.stage import ProjectStage, lock_problem
from poetry_fti.reading import require_inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.bridge.poetry_project import CreatePoetry
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.config.groups import Groups
    from poetry_fti.config.pyproject import ProjectConfig
    from poetry_fti.config.read import Config
    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.rule import Rule

__all__ = ["LockState", "LockStatus", "Project", "load_project", "require_usable"]


class Project:
    """A pyproject.toml with its stages. It decides what depends on several stages, such as rules.

    Locks are read when they are needed.
    """

    def __init__(
        self, text: str, data: dict[str, Any], poetry: PoetryProject, read: ProjectConfig
    ) -> None:
        """Derive the stages of a pyproject.toml that has been read. Use `load_project` instead."""
        self.text = text
        self.pyproject = data
        self.poetry = poetry
        self._read = read
        derived = derived_stages(data, read, poetry.root)
        for each in derived:
            require_inside(each.lock, poetry.root)
        self.stages = tuple(ProjectStage(each, self._conditions(each, derived)) for each in derived)

    @property
    def root(self) -> Path:
        """The folder that contains the pyproject.toml."""
        return self.poetry.root

    @property
    def config(self) -> Config:
        """The settings of the table `[tool.fti]`."""
        return self._read.config

    @property
    def groups(self) -> Groups:
        """The dependency groups of the pyproject.toml."""
        return self._read.groups

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The rules of `[[tool.fti.align]]`, in the order of pyproject.toml."""
        return self._read.rules

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of `[[tool.fti.align]]` that demand agreement."""
        return tuple(rule for rule in self._read.rules if not rule.is_exemption)

    @property
    def exemptions(self) -> tuple[Rule, ...]:
        """The rules of `[[tool.fti.align]]` that exempt stages from agreement on packages."""
        return tuple(rule for rule in self._read.rules if rule.is_exemption)

    def edited(self, pyproject: dict[str, Any]) -> Project:
        """Return the project with the data of an edited pyproject.toml that is not written yet.

        Its package sources have to be the same. Raises ConfigError with all problems of the data.
        """
        read = read_pyproject(pyproject, POETRY_CHECKS)
        return Project(self.text, pyproject, self.poetry, read)

    @property
    def is_accepted(self) -> bool:
        """Whether Poetry is known to accept the pyproject.toml without a warning."""
        return is_accepted(self.root, self.pyproject)

    def require_accepted(self) -> None:
        """Raise ConfigError if Poetry rejects the pyproject.toml; cheap if it is known already."""
        if self.is_accepted:
            return
        if not self._read.is_checked:
            self._read = read_pyproject(self.pyproject, POETRY_CHECKS)
        self.poetry.require_accepted(self.pyproject)

    def select(self, names: Iterable[str]) -> tuple[ProjectStage, ...]:
        """Return the stages with these names, or all stages if there are no names.

        Raises ConfigError for a name that no stage has.
        """
        wanted = list(names)
        for name in wanted:
            if name not in {stage.name for stage in self.stages}:
                raise ConfigError(unknown_stage(name, self._read.stages))
        return tuple(stage for stage in self.stages if not wanted or stage.name in wanted)

    def status(self, stage: ProjectStage) -> LockStatus:
        """Return the state of a stage's lock; a lock that violates a rule is stale."""
        return self._ruled(stage, stage.lock.status)

    def quick_status(self, stage: ProjectStage) -> LockStatus:
        """Return the state of a stage's lock without parsing a lock that appears to be valid."""
        return self._ruled(stage, stage.lock.quick_status)

    def is_fresh(self, stage: ProjectStage) -> bool:
        """Return whether a stage's lock matches pyproject.toml, so that `lock` keeps it."""
        return self.quick_status(stage).state == "fresh"

    def problem(self, stage: ProjectStage) -> str:
        """Return a message on a stage's lock that is not fresh, with the command to repair it."""
        return lock_problem(stage, self.status(stage))

    def locked(self, stage: ProjectStage) -> LockedStage:
        """Return a stage with its locked packages.

        Raises StaleLockError for a missing or stale lock, FtiError for a broken one or one that
        cannot be installed on the stage's targets.
        """
        from poetry_fti.operations.locked import locked_stage  # noqa: PLC0415 - slow

        self.require_fresh(stage)
        locked = locked_stage(stage, self.poetry, self.pyproject)
        return replace(locked, via=self.config.via, pipeline=self.config.pipeline)

    def comparable(self) -> tuple[LockedStage, ...]:
        """Return the stages that can be compared: their locks are fresh and can be installed."""
        from poetry_fti.operations.locked import compared_stage  # noqa: PLC0415 - slow

        found = []
        for stage in self.stages:
            if self.is_fresh(stage):
                # Locking or exporting the stage reports that its lock is damaged, or no use to it.
                with suppress(Exception):
                    found.append(compared_stage(stage, stage.lock.compared))
        return tuple(found)

    @cached_property
    def pins(self) -> Sequence[Pin]:
        """The versions in the project's own poetry.lock."""
        from poetry_fti.bridge.lock.preferences import readable_pins  # noqa: PLC0415 - slow

        return readable_pins(files.read(self.root / "poetry.lock", self.root) or "")

    def require_fresh(self, *stages: ProjectStage) -> None:
        """Raise StaleLockError for missing or stale locks, FtiError if one is broken.

        The message has a line for each lock that is not fresh.
        """
        found = [(stage, self.status(stage)) for stage in stages]
        wrong = [(stage, status) for stage, status in found if status.state != "fresh"]
        if wrong:
            is_broken = any(status.state == "broken" for _, status in wrong)
            kind = FtiError if is_broken else StaleLockError
            raise kind("\n".join(lock_problem(stage, status) for stage, status in wrong))

    def _ruled(self, stage: ProjectStage, status: LockStatus) -> LockStatus:
        # A git merge may combine locks that were not solved together.
        names, rules = self._bound(stage.name)
        bound = [each for each in self.stages if each.name in names]
        if status.state != "fresh" or not rules or _satisfy(bound, rules):
            return status
        return replace(status, state="stale", reason="it violates a rule of tool.fti.align")

    def _conditions(self, own: DerivedStage, derived: Iterable[DerivedStage]) -> dict[str, Any]:
        names, rules = self._bound(own.stage.name)
        others = [each for each in derived if each.stage.name in names and each is not own]
        digests = {each.stage.name: stage_digest(each) for each in others if rules}
        return lock_conditions(own.stage, own.paths.digests, rules, digests)

    def _bound(self, name: str) -> tuple[list[str], list[Rule]]:
        """Return the names of the stages that rules tie to a stage, transitively, and the rules."""
        groups = tied([stage.name for stage in self._read.stages], self.rules)
        names = next(group for group in groups if name in group)
        return names, [rule for rule in self.rules if not set(names).isdisjoint(rule.stages)]


def _satisfy(stages: Sequence[ProjectStage], rules: Sequence[Rule]) -> bool:
    versions = {stage.name: [stage.versions] for stage in stages}
    origins = {stage.name: stage.locked_versions for stage in stages}
    return hold(rules, versions) and not of_several_origins(rules, origins)


def load_project(
    start: Path, create: CreatePoetry = create_poetry, *, check: bool = True
) -> Project:
    """Return the project of a folder, or of its nearest parent with a pyproject.toml.

    Raises FtiError if there is none or if a symbolic link to a lock leaves the project, ConfigError
    if the pyproject.toml is not valid. Without `check` Poetry does not validate it: the content
    hash of a fresh lock shows that it accepted what the lock depends on, and `require_accepted`
    asks it about the rest.
    """
    path = project_file.find_pyproject(start)
    # An edit is based on this text, even if the file changes before it is parsed.
    text = files.read(path) or ""
    _refuse_exported(path, text)
    pyproject = project_file.read_pyproject(path)
    known = check and is_accepted(path.parent, pyproject)
    poetry = PoetryProject(path.parent, create, is_accepted=known)
    try:
        read = read_pyproject(pyproject, POETRY_CHECKS, check=check and not known)
        if known or read.is_checked:
            poetry.require_accepted(pyproject)
    except ProblemsError as error:
        if path.parent == start.absolute():
            raise
        raise ProblemsError(error.problems, str(path)) from error  # the file may be unexpected
    return Project(text, pyproject, poetry, read)


def _refuse_exported(path: Path, text: str) -> None:
    """Raise FtiError for the pyproject.toml that is exported to the folder of a stage.

    It has the stage's groups, so that it could be taken for a project whose stages are not locked.
    A copy of it elsewhere is a project like any other.
    """
    if not text.startswith("#"):
        return
    # Imported here, as few projects start with a comment.
    from poetry_fti.exporters.shared.header import lock_of  # noqa: PLC0415

    lock = lock_of(text)
    if not lock or not path.with_name("poetry.lock").as_posix().endswith(f"/{lock}"):
        return
    root = path.parents[lock.count("/")]
    if (root / path.name).exists():
        raise FtiError(f"{path} is exported for a stage. Run the command in {root}.")


def require_usable(text: str, root: Path) -> list[DerivedStage]:
    """Return the stages in the text of a pyproject.toml that is not written yet.

    Raises ConfigError if it is not valid.
    """
    pyproject = project_file.parse_pyproject(text)
    read = read_pyproject(pyproject, POETRY_CHECKS)
    project_file.require_valid(pyproject)
    stages = derived_stages(pyproject, read, root)
    for each in stages:
        each.package()
    return stages


def derived_stages(
    pyproject: dict[str, Any], read: ProjectConfig, root: Path
) -> list[DerivedStage]:
    """Return the derived projects of all stages of a pyproject.toml in the folder `root`."""
    packages, directory = PathPackages(root, pyproject), read.config.directory
    return [derived_stage(pyproject, each, root, directory, packages) for each in read.stages]
