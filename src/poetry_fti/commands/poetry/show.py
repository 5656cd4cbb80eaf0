"""`poetry fti show`: show the packages of a stage's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poetry.console.commands.command import Command
from poetry.console.commands.show import ShowCommand as PoetryShowCommand

from poetry_fti.bridge.environments import mock_environment
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded, warning
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option


class ShowCommand(Command):
    """Runs `poetry show` on the lock of a stage."""

    name = "fti show"
    description = "Shows information about the packages of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [STAGE, *PoetryShowCommand.arguments]
    options: ClassVar[list[Option]] = PoetryShowCommand.options
    help = """\
Shows what <info>poetry show</info> would if the stage were a project of its own.

<info>poetry fti show training --tree</info>
<info>poetry fti show training numpy --tree --why</info>"""
    loggers: ClassVar[list[str]] = PoetryShowCommand.loggers

    @guarded
    def handle(self) -> int:
        """Show the packages of the lock; the stage need not have an environment."""
        runner = find_runner(self, self.argument("stage"))
        status = runner.project.status(runner.stage)
        if not status.is_readable:
            raise FtiError(runner.project.problem(runner.stage))
        if status.state == "stale":
            warning(self.io, runner.project.problem(runner.stage))
        env = runner.environments.inspected()
        if env is None or not runner.environments.is_usable(env):
            return runner.hand_over(PoetryShowCommand(), mock_environment(runner.stage.python))
        return runner.hand_over(PoetryShowCommand(), env)
