"""`poetry fti clean`: removes the folders of stages that no longer exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from cleo.ui.confirmation_question import ConfirmationQuestion
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.errors import DONE
from poetry_fti.operations.leftovers import find_leftovers, remove_leftover

if TYPE_CHECKING:
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.leftovers import Leftover


class CleanCommand(Command):
    """Removes what is left of former stages."""

    name = "fti clean"
    description = "Removes the folders of stages that were renamed or removed."
    options: ClassVar[list[Option]] = [option("yes", "y", "Do not ask.")]
    help = """\
Lists the folders that belong to no stage and, after asking, removes the files in them that
poetry-fti wrote. Files that it did not write stay. With <info>--no-interaction</info> nothing is
removed unless <info>--yes</info> is given."""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Ask for each folder, then remove what poetry-fti wrote there."""
        leftovers = find_leftovers(load(self))
        if not leftovers:
            self.line("Nothing to remove: every folder belongs to a stage.")
        for leftover in leftovers:
            self._remove(leftover)
        return DONE

    def _remove(self, leftover: Leftover) -> None:
        names = ", ".join(path.name for path in leftover.written)
        self.line(f"<c1>{escape(leftover.name)}</c1>: {escape(names)}")
        if not (self.option("yes") or self._confirmed(f"Remove {escape(leftover.name)}?")):
            self.line("  kept")
            return
        remove_leftover(leftover)
        if leftover.others:
            others = ", ".join(path.name for path in leftover.others)
            self.line(f"  kept what poetry-fti did not write: {escape(others)}")
        else:
            self.line("  removed")

    def _confirmed(self, text: str) -> bool:
        question = ConfirmationQuestion(text, default=False)
        question.set_max_attempts(1)  # else it is asked for ever where there is no input
        try:
            return bool(self.ask(question))
        except RuntimeError:  # the input has ended
            self.line_error("")
            return False
