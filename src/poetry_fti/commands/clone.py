"""`poetry fti clone`: create a stage as a copy of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.errors import DONE
from poetry_fti.operations.new_stages import clone_stage

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument


class CloneCommand(Command):
    """Creates a stage as a copy of another."""

    name = "fti clone"
    description = "Copies a stage under a new name: its table, its group and its lock."
    arguments: ClassVar[list[Argument]] = [STAGE, argument("new", "The name of the new stage.")]
    help = """\
Copies the stage's table, the dependency group of the same name and the lock. Both stages use the
other groups of the stage. The copy has no image.name.

<info>poetry fti clone training torch-training</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Write the new stage to pyproject.toml together with its lock."""
        project = load(self)
        (old,) = project.select([self.argument("stage")])
        new: str = self.argument("new")
        image = clone_stage(project, old, new)
        self.line(f"Created the stage <c1>{escape(new)}</c1> from {escape(old.name)}.")
        if image:
            message = f"It has no image.name, since {escape(image)} is the image of"
            self.line(f"{message} {escape(old.name)}.")
        self.line(f"Lock it with <info>poetry fti lock {escape(new)}</info>.")
        return DONE
