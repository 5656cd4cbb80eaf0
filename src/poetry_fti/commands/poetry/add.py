"""`poetry fti add`: add dependencies to a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import option
from poetry.console.commands.add import AddCommand as PoetryAddCommand
from poetry.console.commands.command import Command

from poetry_fti.commands.poetry.changing import change
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.operations.groups import chosen_group

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

# Options of `poetry add` that edit the project's own dependencies.
_OF_PROJECT: Final = ("group", "dev", "optional")
GROUP: Final = option(
    "group", "G", "The group of the stage to edit (default: the group of its name).", flag=False
)


class AddCommand(Command):
    """Runs `poetry add` on a dependency group of a stage."""

    name = "fti add"
    description = "Adds dependencies to a pipeline stage, locks it, and installs them."
    arguments: ClassVar[list[Argument]] = [STAGE, *PoetryAddCommand.arguments]
    options: ClassVar[list[Option]] = [
        GROUP,
        *(each for each in PoetryAddCommand.options if each.name not in _OF_PROJECT),
    ]
    help = f"""\
Adds packages to the stage's dependency group in <comment>pyproject.toml</comment>, locks the stage,
and installs it if it has an environment. Other stages are not changed.

<info>poetry fti add training lightning@^2.4</info>

{PoetryAddCommand.examples}"""
    loggers: ClassVar[list[str]] = PoetryAddCommand.loggers

    @guarded
    @exclusive(unless=("dry-run",))
    def handle(self) -> int:
        """Edit, lock and install; if a step fails, pyproject.toml and the locks are unchanged."""
        runner = find_runner(self, self.argument("stage"))
        group = chosen_group(runner.stage.stage, self.option("group"))
        return change(self, runner, group, PoetryAddCommand())
