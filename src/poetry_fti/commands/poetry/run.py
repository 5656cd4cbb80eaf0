"""`poetry fti run`: run a command in a stage's environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument
from poetry.console.commands.command import Command
from poetry.console.commands.run import RunCommand as PoetryRunCommand

from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded
from poetry_fti.commands.shared.options import STAGE

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument


class RunCommand(Command):
    """Runs a command in the environment of a stage."""

    name = "fti run"
    description = "Runs a command in the environment of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [
        STAGE,
        argument("args", "The command and its arguments.", multiple=True),
    ]
    help = """\
Runs a command in the stage's environment, with the variables of
<comment>tool.fti.stages.STAGE.env</comment> set. All arguments after the stage are passed to it.

<info>poetry fti run training python train.py --epochs 3</info>"""

    @guarded
    def handle(self) -> int:
        """Run the command; on POSIX it replaces this process. Returns its exit code."""
        runner = find_runner(self, self.argument("stage"))
        env = runner.env
        os.environ.update(runner.stage.stage.env)
        return runner.hand_over(PoetryRunCommand(), env)
