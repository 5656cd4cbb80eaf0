"""`poetry fti clean`: remove the files of stages that no longer exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from cleo.ui.confirmation_question import ConfirmationQuestion
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.errors import DONE
from poetry_fti.operations.leftovers import find_leftovers, kept_folders, remove_leftover
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.leftovers import Leftover


class CleanCommand(Command):
    """Removes files that poetry-fti wrote for stages that no longer exist."""

    name = "fti clean"
    description = "Removes the folders of stages that were renamed or removed."
    options: ClassVar[list[Option]] = [option("yes", "y", "Do not ask for confirmation.")]
    help = """\
Lists the folders that belong to no stage and, after confirmation, removes the files in them that
poetry-fti wrote. Other files are kept, and so are folders with the name of a dependency group,
which may become a stage again. With <info>--no-interaction</info> no file is removed unless
<info>--yes</info> is given."""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Ask for confirmation for each folder, and remove the files that poetry-fti wrote."""
        project = load(self)
        leftovers, kept = find_leftovers(project), kept_folders(project)
        for leftover in kept:
            name = escape(in_one_line(leftover.name))
            group = escape(in_one_line(leftover.path.name))
            self.line(f'<c1>{name}</c1>: kept, because the dependency group "{group}" exists')
        if not leftovers:
            others = "other " if kept else ""
            self.line(f"Nothing to remove: every {others}folder belongs to a stage.")
        for leftover in leftovers:
            self._remove(leftover)
        return DONE

    def _remove(self, leftover: Leftover) -> None:
        names = in_one_line(", ".join(path.name for path in leftover.written))
        self.line(f"<c1>{escape(in_one_line(leftover.name))}</c1>: {escape(names)}")
        if not (
            self.option("yes") or self._confirmed(f"Remove {escape(in_one_line(leftover.name))}?")
        ):
            self.line("  kept")
            return
        remove_leftover(leftover)
        if leftover.others:
            others = ", ".join(path.name for path in leftover.others)
            self.line(f"  kept files that poetry-fti did not write: {escape(others)}")
        else:
            self.line("  removed")

    def _confirmed(self, text: str) -> bool:
        question = ConfirmationQuestion(text, default=False)
        question.set_max_attempts(1)  # cleo repeats the question for ever if there is no input
        try:
            return bool(self.ask(question))
        except RuntimeError:  # raised by cleo at the end of the input
            self.line_error("")
            return False
