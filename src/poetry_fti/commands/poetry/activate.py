"""`poetry fti activate`: the command that activates a stage's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poetry.console.commands.command import Command
from poetry.console.commands.env.activate import EnvActivateCommand

from poetry_fti.bridge.internals.commands import require_activation
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded
from poetry_fti.commands.shared.options import STAGE

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from poetry.utils.env import Env


class ActivateCommand(Command):
    """Prints how to activate an environment."""

    name = "fti activate"
    description = "Prints the command that activates the environment of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [STAGE]
    help = """\
Prints what the current shell has to evaluate, as <info>poetry env activate</info> does.

<info>eval $(poetry fti activate training)</info>"""

    @guarded
    def handle(self) -> int:
        """Print the command for the shell that this one was started from."""
        require_activation()
        runner = find_runner(self, self.argument("stage"))
        return runner.hand_over(_Activate(), runner.env)


class _Activate(EnvActivateCommand):
    """Poetry's command; before Poetry 2.4 it looks for the project's environment itself."""

    def _get_activate_command(self, env: Env, shell: str) -> str:  # noqa: ARG002
        return super()._get_activate_command(self.env, shell)
