"""Questions to the user that fail instead of being repeated for ever."""

from __future__ import annotations

from typing import Any, Final

from cleo.exceptions import CleoError
from cleo.ui.confirmation_question import ConfirmationQuestion
from cleo.ui.question import Question
from poetry.console.commands.command import Command

from poetry_fti.errors import FtiError

_ATTEMPTS: Final = 3


class AskingCommand(Command):
    """A command that repeats a question at most three times.

    Cleo by itself repeats a question for ever once the input has ended.
    """

    def ask(self, question: str | Question, default: Any | None = None) -> Any:  # noqa: ANN401 - as in cleo
        """Return the answer to a question; raises FtiError if there is no valid one."""
        asked = question if isinstance(question, Question) else Question(question, default)
        asked.set_max_attempts(_ATTEMPTS)
        try:
            return super().ask(asked)
        except (CleoError, RuntimeError, ValueError) as error:
            message = "No valid answer was given. No file was written."
            raise FtiError(message) from error

    def confirm(
        self,
        question: str,
        default: bool = False,  # noqa: FBT001, FBT002 - as in cleo
        true_answer_regex: str = r"(?i)^y",
    ) -> bool:
        """Return whether the answer is yes; raises FtiError if there is no answer."""
        return bool(self.ask(ConfirmationQuestion(question, default, true_answer_regex)))
