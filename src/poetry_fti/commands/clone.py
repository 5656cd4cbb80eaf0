"""`poetry fti clone`: a new stage that starts as an old one."""

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
    """Makes a stage of another."""

    name = "fti clone"
    description = "Makes a new stage of an old one: its table, its group and its lock."
    arguments: ClassVar[list[Argument]] = [STAGE, argument("new", "The name of the new stage.")]
    help = """\
Copies the stage's table, the dependency group of the same name and the lock. Other groups of the
stage serve both.

<info>poetry fti clone training torch-training</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Write the new stage and its lock, both or none."""
        project = load(self)
        (old,) = project.select([self.argument("stage")])
        new: str = self.argument("new")
        clone_stage(project, old, new)
        self.line(f"Made the stage <c1>{escape(new)}</c1> of {escape(old.name)}.")
        self.line(f"Lock it with <info>poetry fti lock {escape(new)}</info>.")
        return DONE
