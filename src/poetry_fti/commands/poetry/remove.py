"""`poetry fti remove`: remove dependencies from a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from poetry.console.commands.command import Command
from poetry.console.commands.remove import RemoveCommand as PoetryRemoveCommand

from poetry_fti.commands.poetry.add import GROUP
from poetry_fti.commands.poetry.changing import change
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.operations.groups import chosen_group, requiring_group

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

_OF_PROJECT: Final = ("group", "dev")


class RemoveCommand(Command):
    """Runs `poetry remove` on a dependency group of a stage."""

    name = "fti remove"
    description = "Removes dependencies from a pipeline stage, and from its environment."
    arguments: ClassVar[list[Argument]] = [STAGE, *PoetryRemoveCommand.arguments]
    options: ClassVar[list[Option]] = [
        GROUP,
        *(each for each in PoetryRemoveCommand.options if each.name not in _OF_PROJECT),
    ]
    help = """\
Removes packages from the stage's dependency group in <comment>pyproject.toml</comment>, locks the
stage, and uninstalls packages that it no longer needs. Other stages are not changed.

<info>poetry fti remove training lightning</info>"""
    loggers: ClassVar[list[str]] = PoetryRemoveCommand.loggers

    @guarded
    @exclusive(unless=("dry-run",))
    def handle(self) -> int:
        """Edit, lock and uninstall; if one fails, pyproject.toml and the locks are unchanged."""
        runner = find_runner(self, self.argument("stage"))
        pyproject, wanted = runner.project.pyproject, self.option("group")
        if wanted is None:
            group = requiring_group(runner.stage, pyproject, self.argument("packages"))
        else:
            group = chosen_group(runner.stage.stage, wanted)
        return change(self, runner, group, PoetryRemoveCommand())
