"""Updates the environment of a stage before a command runs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.commands.poetry.environment.freshness import current_environment
from poetry_fti.commands.poetry.install import install, require_installable
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import feedback_of, project_folder
from poetry_fti.errors import DONE, FtiError
from poetry_fti.operations.environments.installation import read_installation
from poetry_fti.operations.exclusive import exclusive_access

if TYPE_CHECKING:
    from poetry.console.commands.command import Command
    from poetry.utils.env import VirtualEnv

    from poetry_fti.commands.poetry.stage_runner import StageRunner


def synchronize(command: Command, name: str) -> VirtualEnv:
    """Install a stage, unless another command has done it meanwhile; return its environment.

    The output of the installation goes to the error stream. Raises FtiError if it fails.
    """
    folder = project_folder(command)
    with exclusive_access(folder, feedback_of(command)):
        runner = find_runner(command, name)
        env = current_environment(runner)
        if env is not None:
            return env
        require_installable(runner)
        if install(runner.on_error_output(), options=_options(runner)) != DONE:
            raise FtiError(f"{name} could not be installed. The command was not run.")
    return runner.env


def _options(runner: StageRunner) -> dict[str, Any]:
    """Return the options of `install` that install the same groups as the last time."""
    env = runner.environments.existing()
    last = None if env is None else read_installation(env.path)
    if last is None:
        return {"sync": True}
    known = runner.poetry.package.dependency_group_names(include_optional=True)
    return {
        "sync": True,
        "with": [group for group in last.groups if group in known],
        "without": [group for group in last.omitted if group in known],
        "no-root": not last.root,
        "no-directory": not last.directories,
    }
