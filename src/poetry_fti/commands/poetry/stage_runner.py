"""Poetry's own commands run on a stage, in the stage's environment."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from poetry.console.commands.env_command import EnvCommand

from poetry_fti.bridge.environments import StageEnvironments
from poetry_fti.bridge.project.stage_poetry import stage_poetry
from poetry_fti.commands.shared.console import load
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from poetry.console.commands.command import Command
    from poetry.poetry import Poetry
    from poetry.utils.env import Env, VirtualEnv

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


class StageRunner:
    """Runs Poetry's own commands on a stage, in the stage's virtual environment."""

    def __init__(self, command: Command, project: Project, stage: ProjectStage) -> None:
        """Prepare to run commands on a stage; raises ConfigError where Poetry cannot read it."""
        self.project = project
        self.io = command.io
        self.application = command.get_application()
        self.stage = stage
        self._poetry = project.poetry.poetry
        self._root = stage.derived.package()
        project.poetry.require_sources(self._root)
        python, folder = self._root.python_versions, stage.path.parent
        self.environments = StageEnvironments(self._poetry, stage.name, folder, python, command.io)

    @cached_property
    def poetry(self) -> Poetry:
        """The stage as Poetry's own commands take it."""
        return stage_poetry(self._poetry, self._root, self.stage.lock.locker)

    @property
    def env(self) -> VirtualEnv:
        """The environment; raises FtiError where it is missing or broken."""
        env, name = self.environments.existing(), self.stage.name
        if env is None:
            raise FtiError(f"{name} has no environment. Make it with `poetry fti install {name}`.")
        if not self.environments.is_usable(env):
            trouble = "has another Python" if env.is_sane() else "is broken"
            message = f"The environment of {name} {trouble} ({env.path})."
            raise FtiError(f"{message} Make it anew with `poetry fti install {name}`.")
        return env

    def hand_over(self, inner: Command, env: Env) -> int:
        """Run one of Poetry's own commands with the arguments of ours; return its exit code."""
        inner.set_application(self.application)
        inner.set_poetry(self.poetry)
        if isinstance(inner, EnvCommand):
            inner.set_env(env)
        return inner.execute(self.io)


def find_runner(command: Command, name: str) -> StageRunner:
    """Return the runner of the stage of this name; raises ConfigError for an unknown name."""
    project = load(command)
    (stage,) = project.select([name])
    return StageRunner(command, project, stage)
