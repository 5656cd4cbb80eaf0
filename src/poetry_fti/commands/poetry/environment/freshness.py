"""Whether the environment of a stage is up to date with the stage's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import warning
from poetry_fti.operations.environments.installation import installation_problem

if TYPE_CHECKING:
    from poetry.utils.env import Env, VirtualEnv

    from poetry_fti.commands.poetry.stage_runner import StageRunner


def current_environment(runner: StageRunner) -> VirtualEnv | None:
    """Return the environment of a stage if it is usable and up to date with a fresh lock."""
    env = runner.environments.existing()
    if env is None or not runner.environments.is_usable(env):
        return None
    return None if installation_problem(runner.stage, env.path) else env


def warn_if_behind(runner: StageRunner, env: Env) -> None:
    """Warn in one line if a stage's environment is behind its lock, or the lock is not fresh.

    Raises ConfigError if the reason is that Poetry rejects the pyproject.toml.
    """
    if problem := installation_problem(runner.stage, env.path):
        runner.project.require_accepted()
        warning(runner.io, problem)
