"""Errors that a user can cause, and the exit codes of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from poetry_fti.urls import public_text
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model.problem import Problem

DONE: Final = 0
FAILED: Final = 1
MISCONFIGURED: Final = 2
FOUND: Final = 3  # a check found something
INTERRUPTED: Final = 130
TERMINATED: Final = 143


class StoppedError(KeyboardInterrupt):
    """A signal ends the command."""

    def __init__(self, number: int) -> None:
        """Create the exception for a signal."""
        super().__init__()
        self.number = number


class FtiError(Exception):
    """The base of all errors: a command failed. The message states the reason and the remedy."""

    exit_code: ClassVar[int] = FAILED

    def __str__(self) -> str:
        """Return the message without credentials: it may quote what other programs have written."""
        return public_text(super().__str__())


class ChangedFileError(FtiError):
    """A file was changed by another program while a command worked on it; it is left as it is."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was changed by another program while this command ran, and has not been"
            " overwritten. Rerun the command."
        )


class IndexFailedError(FtiError):
    """A package index could not be reached, or its response is invalid.

    `server` identifies an index and its host if all further requests to them fail as well.
    """

    def __init__(self, message: str, server: str = "") -> None:
        super().__init__(message)
        self.server = server


class UnsolvableError(FtiError):
    """No versions satisfy the requirements of a stage.

    The message has the requirements that matter, `explanation` the whole proof of Poetry's solver.
    """

    def __init__(self, message: str, explanation: str) -> None:
        super().__init__(message, explanation)
        self.explanation = public_text(explanation)

    def __str__(self) -> str:
        return public_text(self.args[0])


class MissingExtraError(FtiError):
    """A feature requires packages that an extra of poetry-fti installs."""

    def __init__(self, feature: str, extra: str) -> None:
        """Create the error for a feature, as the subject of a sentence, and its extra."""
        requirement = f"poetry-fti[{extra}]"
        super().__init__(
            f"{feature} requires {requirement}. Install it with"
            f' `pipx inject poetry "{requirement}"` or `poetry self add "{requirement}"`.'
        )


class StaleLockError(FtiError):
    """A lock is missing or stale."""


class AmbiguousPackageError(FtiError):
    """A lock contains several versions of a package where one was expected."""


class ConfigError(FtiError):
    """The configuration is wrong, or a stage or format is unknown."""

    exit_code = MISCONFIGURED


class ProblemsError(ConfigError):
    """All problems of a pyproject.toml, in one message."""

    def __init__(self, problems: Sequence[Problem], name: str = "pyproject.toml") -> None:
        """Create the error for the problems of a file that the message calls `name`."""
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [
            f"{in_one_line(name)} has {count}:",
            *(f"  {in_one_line(str(problem))}" for problem in problems),
        ]
        super().__init__("\n".join(lines))
