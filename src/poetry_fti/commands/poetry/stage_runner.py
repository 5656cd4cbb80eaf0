"""Runs Poetry's own commands on a stage, in the stage's environment."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING

from cleo.io.io import IO
from poetry.console.commands.env_command import EnvCommand

from poetry_fti.bridge.environments import StageEnvironments, platform_problem
from poetry_fti.bridge.project.stage_poetry import stage_poetry
from poetry_fti.commands.shared.console import load, warning
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry.console.commands.command import Command
    from poetry.poetry import Poetry
    from poetry.utils.env import Env, VirtualEnv

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


class StageRunner:
    """Runs Poetry's own commands on a stage, in the stage's virtual environment."""

    def __init__(self, command: Command, project: Project, stage: ProjectStage) -> None:
        """Prepare to run commands on a stage; raises ConfigError if Poetry rejects the stage."""
        self.project = project
        self.io: IO = command.io
        self.application = command.get_application()
        self.stage = stage
        self._poetry = project.poetry.poetry
        self._root = stage.derived.package()
        project.poetry.require_sources(self._root)
        python, folder = self._root.python_versions, stage.path.parent
        self.environments = StageEnvironments(self._poetry, stage.name, folder, python, command.io)

    @cached_property
    def poetry(self) -> Poetry:
        """The stage as a project that Poetry's own commands can work on."""
        return stage_poetry(self._poetry, self._root, self.stage.lock.locker)

    @property
    def env(self) -> VirtualEnv:
        """The stage's environment.

        Raises FtiError if it is missing, broken, or has a Python that the stage does not allow.
        """
        return self._usable(self.environments.existing())

    @property
    def inspected(self) -> VirtualEnv:
        """The stage's environment to be shown; see `StageEnvironments.inspected`.

        Raises FtiError as `env` does.
        """
        return self._usable(self.environments.inspected())

    def _usable(self, env: VirtualEnv | None) -> VirtualEnv:
        name = self.stage.name
        if env is None:
            create = f"Create it with `poetry fti install {name}`."
            problem = platform_problem(self.stage.stage)
            raise FtiError(f"{name} has no environment. {problem or create}")
        if not self.environments.is_usable(env):
            trouble = "has another Python" if env.is_sane() else "is broken"
            message = f"The environment of {name} {trouble} ({env.path})."
            raise FtiError(f"{message} Recreate it with `poetry fti install {name}`.")
        return env

    def on_error_output(self) -> StageRunner:
        """Return a runner that writes all output of Poetry's commands to the error stream."""
        other = copy(self)
        other.io = IO(self.io.input, self.io.error_output, self.io.error_output)
        return other

    def hand_over(self, inner: Command, env: Env) -> int:
        """Run one of Poetry's own commands with the input of this command; return its exit code."""
        inner.set_application(self.application)
        inner.set_poetry(self.poetry)
        if isinstance(inner, EnvCommand):
            inner.set_env(env)
        return inner.execute(self.io)


def find_runner(command: Command, name: str, *, check: bool = True) -> StageRunner:
    """Return a runner for the stage with this name; raises ConfigError if it does not exist.

    See `load_project` for `check`.
    """
    project = load(command, check=check)
    (stage,) = project.select([name])
    return StageRunner(command, project, stage)


def for_this_machine(
    io: IO, stages: Sequence[ProjectStage], done: str, *, or_all: bool
) -> tuple[ProjectStage, ...]:
    """Return the stages that are locked for this machine; warn that the others are not `done`.

    With `or_all`, all stages are returned if none is locked for this machine.
    """
    problems = {stage.name: platform_problem(stage.stage) for stage in stages}
    if or_all and all(problems.values()):
        return tuple(stages)
    for problem in filter(None, problems.values()):
        warning(io, f"Not {done}: {problem}")
    return tuple(stage for stage in stages if not problems[stage.name])
