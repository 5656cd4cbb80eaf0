"""The project that a command works on."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from poetry_fti import files
from poetry_fti.agreement.rules import hold, tied
from poetry_fti.bridge.index.http_cache import make_robust
from poetry_fti.bridge.lock import preferences
from poetry_fti.bridge.lock.conditions import lock_conditions
from poetry_fti.bridge.project.derive import derive
from poetry_fti.bridge.project.derived_package import derived_package
from poetry_fti.bridge.project.overrides import constraint_problems
from poetry_fti.bridge.project.pyproject import (
    converted_poetry_errors,
    find_pyproject,
    parse_pyproject,
    project_extras,
    read_pyproject,
    require_valid,
    schema_problems,
)
from poetry_fti.bridge.project.sources import hide_credentials
from poetry_fti.config.groups import read_groups
from poetry_fti.config.read import read_config, written_constraints
from poetry_fti.config.stages import read_rules, read_stages, unknown_stage
from poetry_fti.errors import ConfigError, FtiError, ProblemsError
from poetry_fti.model import FORMATS, Problem
from poetry_fti.operations.stage import StageProject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from poetry.poetry import Poetry

    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.config.read import Config
    from poetry_fti.model import LockedStage, Rule, Stage


class Project:
    """A pyproject.toml with stages, valid as far as poetry-fti and Poetry can tell."""

    def __init__(
        self, start: Path, create_poetry: Callable[[], Poetry], *, trusted: bool = False
    ) -> None:
        """Read the project of a folder; raises ConfigError with all that is wrong with it.

        A trusted one is not asked whether Poetry accepts it, which saves much of the time;
        anything may be raised where it does not.
        """
        path = find_pyproject(start)
        self.root = path.parent
        self.pyproject = read_pyproject(path)
        self.config, stages, self.rules = _read(self.pyproject, trusted=trusted)
        self._create_poetry = create_poetry
        if not trusted:
            getattr(self, "poetry")  # noqa: B009 - what Poetry refuses is refused now
        self.stages = tuple(StageProject(stage, self) for stage in stages)

    def edited(self, pyproject: Mapping[str, Any]) -> Project:
        """Return the project with another pyproject.toml, which need not be on disk yet.

        Its sources are the same. Raises ConfigError with all that is wrong with it.
        """
        other = copy(self)
        other.pyproject = dict(pyproject)
        other.config, stages, other.rules = _read(pyproject, trusted=False)
        other.stages = tuple(StageProject(stage, other) for stage in stages)
        return other

    def validate(self) -> None:
        """Ask Poetry whether it accepts the project; raises ConfigError where it does not."""
        problems = schema_problems(self.pyproject)
        if problems:
            _read(self.pyproject, trusted=False)  # it names them with all others
        getattr(self, "poetry")  # noqa: B009 - it is made now

    @cached_property
    def poetry(self) -> Poetry:
        """The project as Poetry has it; raises ConfigError."""
        with converted_poetry_errors():
            poetry = self._create_poetry()
            hide_credentials(poetry)
        make_robust(poetry.pool)
        return poetry

    def conditions(self, stage: Stage) -> dict[str, Any]:
        """Return what the lock of a stage is to say of how it was solved."""
        stages, rules = self._bound(stage)
        digests = {each.name: each.digest for each in stages if each.name != stage.name}
        return lock_conditions(stage, rules, digests)

    def agrees(self, stage: Stage) -> bool:
        """Tell whether the locks keep the rules that bind a stage; one that is missing does."""
        stages, rules = self._bound(stage)
        return not rules or hold(rules, {each.name: [each.versions] for each in stages})

    def _bound(self, stage: Stage) -> tuple[list[StageProject], list[Rule]]:
        """Return a stage with those that rules tie to it, perhaps by others, and the rules."""
        groups = tied([each.name for each in self.stages], self.rules)
        names = next(group for group in groups if stage.name in group)
        rules = [rule for rule in self.rules if not set(names).isdisjoint(rule.stages)]
        return [each for each in self.stages if each.name in names], rules

    def select(self, names: Iterable[str]) -> tuple[StageProject, ...]:
        """Return the stages of these names, all without any; raises ConfigError."""
        wanted = list(names)
        for name in wanted:
            if name not in {stage.name for stage in self.stages}:
                raise ConfigError(unknown_stage(name, [each.stage for each in self.stages]))
        return tuple(stage for stage in self.stages if not wanted or stage.name in wanted)

    @cached_property
    def pins(self) -> Sequence[Pin]:
        """What the project's own lock holds."""
        return preferences.readable_pins(files.read(self.root / "poetry.lock") or "")

    def comparable(self) -> tuple[LockedStage, ...]:
        """Return the stages whose locks are fresh and can be installed, to be compared."""
        found = []
        for stage in self.stages:
            with suppress(FtiError):  # locking or exporting the stage itself tells
                found.append(stage.compared())
        return tuple(found)


def accept(text: str, root: Path) -> None:
    """Raise ConfigError with what is wrong with a pyproject.toml that is not on disk yet."""
    pyproject = parse_pyproject(text)
    config, stages, _ = _read(pyproject, trusted=False)
    require_valid(pyproject)
    for stage in stages:
        folder = config.directory / stage.name
        up = PurePosixPath(posixpath.relpath(".", folder))
        derived_package(derive(pyproject, stage, up), root / folder)


def _read(
    pyproject: Mapping[str, Any], *, trusted: bool
) -> tuple[Config, tuple[Stage, ...], tuple[Rule, ...]]:
    if not isinstance(pyproject.get("tool", {}), Mapping):
        raise ProblemsError([Problem("tool", "must be a table")])
    problems = [] if trusted else schema_problems(pyproject)
    misshapen = bool(problems)
    config = read_config(pyproject, FORMATS, problems)
    if misshapen:  # the groups may be anything
        raise ProblemsError(problems)
    groups = read_groups(pyproject, problems)
    stages = read_stages(config, groups, project_extras(pyproject), problems)
    rules = read_rules(config, stages, problems)
    problems += constraint_problems(written_constraints(config))
    if problems:
        raise ProblemsError(problems)
    return config, stages, rules
