"""`poetry fti run --since`: run a command in the environment of each affected stage."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

from poetry.console.commands.run import RunCommand as PoetryRunCommand
from poetry.utils.env import VirtualEnv

from poetry_fti.commands.poetry.stage_runner import StageRunner, for_this_machine
from poetry_fti.commands.shared.affected_stages import affected_of
from poetry_fti.commands.shared.console import error, escape, load
from poetry_fti.errors import DONE, ConfigError
from poetry_fti.interruption import wait
from poetry_fti.wording import in_quotes, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poetry.console.commands.command import Command

    from poetry_fti.operations.project import Project

# Added to the number of a signal that ends a command, as shells do.
_SIGNAL: Final = 128
# The variable with the name of the stage that the command runs in.
_NAME: Final = "FTI_STAGE"


def run_affected(
    command: Command,
    revision: str,
    words: Sequence[str],
    environment: Callable[[StageRunner], VirtualEnv],
) -> int:
    """Run a command in each stage that is affected since a revision, one after another.

    All environments are looked up, or installed, by `environment` before the command runs for the
    first time. Stages that are not locked for this machine are left out with a warning. Returns
    the exit code of the first failure; a stage that fails does not keep others from running.
    """
    project = load(command, check=False)
    _require_no_stage(project, words)
    affected = affected_of(command, project, project.stages, revision)
    if not affected:
        command.line(f"The changes since {escape(revision)} affect no stage.")
        return DONE
    runners = [StageRunner(command, project, stage) for stage in affected]
    here = for_this_machine(command.io, affected, "run", or_all=False)
    runners = [runner for runner in runners if runner.stage in here]
    command.io.input.set_argument("args", list(words))
    prepared = [(runner, environment(runner)) for runner in runners]
    codes = {runner.stage.name: _run(runner, env) for runner, env in prepared}
    _report(command, codes)
    return next(filter(None, codes.values()), DONE)


def _require_no_stage(project: Project, words: Sequence[str]) -> None:
    """Raise ConfigError if the first word is no command but a stage."""
    word = words[0]
    scripts = project.poetry.poetry.local_config.get("scripts", {})
    if word in {stage.name for stage in project.stages} and word not in scripts:
        message = (
            f"With --since, the command runs in every affected stage, and {in_quotes(word)} is a"
            " stage: leave it out."
        )
        raise ConfigError(message)


def _run(runner: StageRunner, env: VirtualEnv) -> int:
    name = runner.stage.name
    runner.io.write_error_line(f"Running in <c1>{escape(name)}</c1>")
    variables = dict(runner.stage.stage.env) | {_NAME: name}
    child = _ChildEnv(env, variables)
    code = runner.hand_over(PoetryRunCommand(), child)
    if child.stopped is not None:
        # cleo returns a failure instead of the exception, after which the next stage would run.
        raise child.stopped
    return code


def _report(command: Command, codes: Mapping[str, int]) -> None:
    passed = [name for name, code in codes.items() if not code]
    failed = [f"{name} (exit code {code})" for name, code in codes.items() if code]
    succeeded = f"succeeded in {joined(passed)}" if passed else ""
    if failed:
        rest = f", and {succeeded}" if succeeded else ""
        error(command.io, f"The command failed in {joined(failed)}{rest}.")
    elif succeeded:
        command.io.write_error_line(f"The command {escape(succeeded)}.")


class _ChildEnv(VirtualEnv):
    """An environment that runs commands in child processes: Poetry's replaces this process."""

    def __init__(self, env: VirtualEnv, variables: Mapping[str, str]) -> None:
        super().__init__(env.path)
        self._variables = variables
        self.stopped: KeyboardInterrupt | None = None

    def execute(self, bin: str, *args: str, **_: object) -> int:  # noqa: A002 - as in Poetry
        words = [*self.get_command_from_bin(bin), *args]
        env = self.get_temp_environ({**os.environ, **self._variables})
        # On Windows, Poetry uses a shell as well.
        with subprocess.Popen(words, env=env, shell=os.name == "nt") as process:  # noqa: S603
            try:
                code = wait(process)
            except KeyboardInterrupt as stop:
                self.stopped = stop
                raise
        return code if code >= 0 else _SIGNAL - code
