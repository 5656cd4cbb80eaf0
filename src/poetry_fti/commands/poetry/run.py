"""`poetry fti run`: run a command in a stage's environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import argument, option
from poetry.console.commands.command import Command
from poetry.console.commands.run import RunCommand as PoetryRunCommand

from poetry_fti.commands.poetry.environment.freshness import current_environment, warn_if_behind
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.utils.env import VirtualEnv

    from poetry_fti.commands.poetry.stage_runner import StageRunner

_STAGE_AND_COMMAND: Final = 2


class RunCommand(Command):
    """Runs a command in the environment of a stage."""

    name = "fti run"
    description = "Runs a command in the environment of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [
        argument("stage", "The name of the stage, unless --since is given.", optional=True),
        argument("args", "The command and its arguments.", optional=True, multiple=True),
    ]
    options: ClassVar[list[Option]] = [
        option("sync", None, "Install the stage first if its environment is behind the lock."),
        option(
            "since",
            None,
            "Run the command in each stage that changes since a git revision affect. Do not name a"
            " stage.",
            flag=False,
        ),
    ]
    help = """\
Runs a command in the stage's environment, with the variables of
<comment>tool.fti.stages.STAGE.env</comment> set. All arguments after the stage are passed to it.

<info>poetry fti run training python train.py --epochs 3</info>
<info>poetry fti run --sync training python train.py</info>
<info>poetry fti run --since origin/main pytest</info>"""

    @guarded
    def handle(self) -> int:
        """Run the command; on POSIX it replaces this process. Returns its exit code."""
        words = [*filter(None, [self.argument("stage")]), *self.argument("args")]
        if self.option("since") is not None:
            # Imported here, since most commands run in one stage.
            from poetry_fti.commands.poetry.run_affected import run_affected  # noqa: PLC0415

            if not words:
                raise FtiError("Name a command: poetry fti run --since REV COMMAND")
            return run_affected(self, self.option("since"), words, self._environment)
        if len(words) < _STAGE_AND_COMMAND:
            raise FtiError("Name a stage and a command: poetry fti run STAGE COMMAND")
        # A fresh lock proves that Poetry has accepted the pyproject.toml before.
        runner = find_runner(self, words[0], check=False)
        env = self._environment(runner)
        os.environ.update(runner.stage.stage.env)
        return runner.hand_over(PoetryRunCommand(), env)

    def _environment(self, runner: StageRunner) -> VirtualEnv:
        if self.option("sync") or runner.project.config.sync_on_run:
            return current_environment(runner) or self._synchronized(runner.stage.name)
        env = runner.env
        warn_if_behind(runner, env)
        return env

    def _synchronized(self, name: str) -> VirtualEnv:
        # Imported here, since Poetry's installer takes long to import.
        from poetry_fti.commands.poetry.environment.synchronize import synchronize  # noqa: PLC0415

        return synchronize(self, name)
