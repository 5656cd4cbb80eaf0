"""How commands end, and how they write to the terminal."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from cleo.formatters.formatter import Formatter
from cleo.io.outputs.output import Type

from poetry_fti.commands.shared.progress import spinner
from poetry_fti.errors import FAILED, INTERRUPTED, FtiError
from poetry_fti.operations.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from cleo.io.io import IO
    from poetry.console.commands.command import Command

    from poetry_fti.operations.feedback import Feedback, Verbosity
    from poetry_fti.operations.project import Project


def escape(text: object) -> str:
    """Return text that cleo prints as it is, not as markup."""
    # Formatter.escape itself leaves the first of two "<" as it is.
    return Formatter.escape_trailing_backslash(str(text).replace("<", "\\<"))


def error(io: IO, text: object) -> None:
    """Write an error to the error stream."""
    io.write_error_line(f"<error>{escape(text)}</error>")


def warning(io: IO, text: object) -> None:
    """Write a warning to the error stream."""
    io.write_error_line(f"<warning>Warning: {escape(text)}</warning>")


def plain(io: IO, text: str) -> None:
    """Write text to the output byte for byte, without markup and line end."""
    io.output.write(text, type=Type.RAW)


_C = TypeVar("_C", bound="Command")


def guarded(handle: Callable[[_C], int]) -> Callable[[_C], int]:
    """Make a command's `handle` end with a message and an exit code, not with a traceback."""

    @wraps(handle)
    def guard(command: _C) -> int:
        try:
            return handle(command)
        except FtiError as failure:
            error(command.io, failure)
            return failure.exit_code
        except OSError as failure:
            error(command.io, os_message(failure))
            return FAILED
        except KeyboardInterrupt:
            error(command.io, "Interrupted. Every file is whole; run the command again to go on.")
            return INTERRUPTED

    return guard


def os_message(failure: OSError) -> str:
    """Return what the operating system refused, after the name of the file."""
    reason = failure.strerror or str(failure)
    return f"{failure.filename}: {reason}" if failure.filename else reason


def load(command: Command, *, check: bool = True) -> Project:
    """Return the project that a command was started in (or given, with -P); see `load_project`."""
    application = command.get_application()
    return load_project(application.project_directory, lambda _: application.poetry, check=check)


class _ConsoleFeedback:
    """Shows progress on the terminal of a command."""

    def __init__(self, io: IO) -> None:
        self._io = io

    @property
    def verbosity(self) -> Verbosity:
        if not self._io.is_verbose():
            return 0
        return 3 if self._io.is_debug() else 2 if self._io.is_very_verbose() else 1

    def progress(self, message: str, /) -> AbstractContextManager[None]:
        return spinner(self._io, message)

    def detail(self, text: str, /) -> None:
        self._io.write_line(escape(text))

    def notice(self, text: str, /) -> None:
        self._io.write_error_line(escape(text))


def feedback_of(command: Command) -> Feedback:
    """Return the feedback of a use case that a command runs."""
    return _ConsoleFeedback(command.io)


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows of plain text as lines with aligned columns."""
    table = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
