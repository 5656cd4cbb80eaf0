"""`poetry fti remove`: remove dependencies from stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from poetry.console.commands.command import Command
from poetry.console.commands.remove import RemoveCommand as PoetryRemoveCommand

from poetry_fti.commands.poetry.edit.changing import GroupEdit, change
from poetry_fti.commands.poetry.edit.selection import (
    GROUP,
    SELECTING,
    STAGES_FIRST,
    packages_argument,
    selected,
)
from poetry_fti.commands.shared.console import guarded
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.operations.edit.groups import chosen_group, requiring_group

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from packaging.utils import NormalizedName

    from poetry_fti.commands.poetry.stage_runner import StageRunner

_OF_PROJECT: Final = ("group", "dev")


class RemoveCommand(Command):
    """Runs `poetry remove` on dependency groups of stages."""

    name = "fti remove"
    description = "Removes dependencies from pipeline stages, and from their environments."
    arguments: ClassVar[list[Argument]] = [
        STAGES_FIRST,
        packages_argument(PoetryRemoveCommand.arguments[0]),
    ]
    options: ClassVar[list[Option]] = [
        *SELECTING,
        GROUP,
        *(each for each in PoetryRemoveCommand.options if each.name not in _OF_PROJECT),
    ]
    help = """\
Removes packages from the dependency groups of stages in <comment>pyproject.toml</comment>, locks
the stages, and uninstalls packages that they no longer need. Either all stages are changed or none.
Other stages are locked only if they include an edited group.

<info>poetry fti remove training lightning</info>
<info>poetry fti remove training,inference tqdm</info>"""
    loggers: ClassVar[list[str]] = PoetryRemoveCommand.loggers

    @guarded
    @exclusive(unless=("dry-run",))
    def handle(self) -> int:
        """Edit, lock and uninstall; if one fails, pyproject.toml and the locks are unchanged."""
        edits = [
            GroupEdit(each, self._group(each))
            for each in selected(self, PoetryRemoveCommand.arguments[0].name)
        ]
        return change(self, edits, lambda _: PoetryRemoveCommand())

    def _group(self, runner: StageRunner) -> NormalizedName:
        wanted = self.option("group")
        if wanted is not None:
            return chosen_group(runner.stage.stage, wanted)
        pyproject, packages = runner.project.pyproject, self.argument("packages")
        return requiring_group(runner.stage, pyproject, packages)
