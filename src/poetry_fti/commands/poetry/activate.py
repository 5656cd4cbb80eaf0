"""`poetry fti activate`: print the command that activates a stage's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poetry.console.commands.command import Command
from poetry.console.commands.env.activate import EnvActivateCommand

from poetry_fti.bridge.internals.commands import require_activation
from poetry_fti.commands.poetry.environment.freshness import warn_if_behind
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded
from poetry_fti.commands.shared.options import STAGE

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from poetry.utils.env import Env


class ActivateCommand(Command):
    """Prints the shell command that activates the environment of a stage."""

    name = "fti activate"
    description = "Prints the command that activates the environment of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [STAGE]
    help = """\
Prints the command for the current shell, as <info>poetry env activate</info> does.

<info>eval $(poetry fti activate training)</info>"""

    @guarded
    def handle(self) -> int:
        """Print the command for the shell that this one was started from."""
        require_activation()
        runner = find_runner(self, self.argument("stage"))
        env = runner.env
        warn_if_behind(runner, env)
        return runner.hand_over(_Activate(), env)


class _Activate(EnvActivateCommand):
    """Poetry's command for the environment of a stage.

    Before Poetry 2.4, the command looks up the project's environment instead of using its own.
    """

    def _get_activate_command(self, env: Env, shell: str) -> str:  # noqa: ARG002
        return super()._get_activate_command(self.env, shell)
