"""`poetry fti path`: print the path of a stage's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from poetry.console.commands.command import Command

from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import guarded, plain
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.errors import DONE

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument


class PathCommand(Command):
    """Prints the path of the environment of a stage."""

    name = "fti path"
    description = "Prints the path of the environment of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [STAGE]

    @guarded
    def handle(self) -> int:
        """Print the absolute path."""
        plain(self.io, f"{find_runner(self, self.argument('stage')).inspected.path}\n")
        return DONE
