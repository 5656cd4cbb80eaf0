"""Terminal output of commands, and their exit codes after an error."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from cleo.formatters.formatter import Formatter
from cleo.io.outputs.output import Type
from cleo.io.outputs.stream_output import StreamOutput

from poetry_fti.commands.shared.path_warnings import path_warnings_once
from poetry_fti.commands.shared.safe_output import make_safe
from poetry_fti.commands.shared.stage_lines import show_stages
from poetry_fti.errors import FAILED, INTERRUPTED, FtiError
from poetry_fti.interruption import interruption
from poetry_fti.operations.project import load_project
from poetry_fti.wording import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cleo.io.io import IO
    from poetry.console.commands.command import Command

    from poetry_fti.commands.shared.stage_lines import Display
    from poetry_fti.operations.feedback import Feedback, States, Verbosity
    from poetry_fti.operations.project import Project


def escape(text: object) -> str:
    """Return text with its markup escaped, so that cleo prints it, and its control characters."""
    # Formatter.escape does not escape the first of two consecutive "<".
    return Formatter.escape_trailing_backslash(harmless(str(text)).replace("<", "\\<"))


def error(io: IO, text: object) -> None:
    """Write an error to the error stream."""
    io.write_error_line(f"<error>{escape(text)}</error>")


def warning(io: IO, text: object) -> None:
    """Write a warning to the error stream."""
    io.write_error_line(f"<warning>Warning: {escape(text)}</warning>")


def plain(io: IO, text: str) -> None:
    """Write text to the output unchanged: no markup is interpreted, no line end is added.

    On a terminal, control characters are escaped.
    """
    output = io.output
    is_terminal = isinstance(output, StreamOutput) and output.stream.isatty()
    output.write(harmless(text) if is_terminal else text, type=Type.RAW)


_C = TypeVar("_C", bound="Command")
_INTERRUPTED: Final = (
    "Interrupted. Each file is either unchanged or completely written. Rerun the command to finish."
)


def guarded(handle: Callable[[_C], int]) -> Callable[[_C], int]:
    """Decorate a command's `handle`: errors become a message and an exit code."""

    @wraps(handle)
    def guard(command: _C) -> int:
        make_safe(command.io)
        code = None
        with interruption() as ending, path_warnings_once():
            with suppress(KeyboardInterrupt), ending.running():
                code = _handled(handle, command)
            # cleo and Poetry turn the exception into a failure where one command runs another.
            if code is None or ending.exit_code is not None:
                code = ending.exit_code or INTERRUPTED
                error(command.io, _INTERRUPTED)
        return code

    return guard


def _handled(handle: Callable[[_C], int], command: _C) -> int:
    try:
        return handle(command)
    except FtiError as failure:
        error(command.io, failure)
        return failure.exit_code
    except OSError as failure:
        error(command.io, os_message(failure))
        return FAILED


def os_message(failure: OSError) -> str:
    """Return the reason of the operating system, preceded by the name of the file if known."""
    reason = failure.strerror or str(failure)
    return f"{failure.filename}: {reason}" if failure.filename else reason


def load(command: Command, *, check: bool = True) -> Project:
    """Return the project of the current folder, or of the folder given with `-P`.

    See `load_project` for `check` and for the errors that are raised.
    """
    application = command.get_application()
    return load_project(application.project_directory, lambda _: application.poetry, check=check)


def project_folder(command: Command) -> Path:
    """Return the folder given with `-P`, or else the current one."""
    folder = command.get_application().project_directory
    # Poetry keeps a relative path given with `-C` as it is, and changes into this folder.
    return folder if folder.is_absolute() else Path.cwd()


class _ConsoleFeedback:
    """Shows the progress of a use case on the terminal of a command."""

    def __init__(self, io: IO) -> None:
        self._io = io
        self._display: Display | None = None

    @property
    def verbosity(self) -> Verbosity:
        if not self._io.is_verbose():
            return 0
        return 3 if self._io.is_debug() else 2 if self._io.is_very_verbose() else 1

    @contextmanager
    def progress(self, message: str, states: States, /) -> Iterator[None]:
        with show_stages(self._io, message, states) as display:
            self._display = display
            try:
                yield
            finally:
                self._display = None

    def detail(self, text: str, /) -> None:
        self._io.write_line(escape(text))

    def notice(self, text: str, /) -> None:
        with self._display.hidden() if self._display else nullcontext():
            self._io.write_error_line(escape(text))


def feedback_of(command: Command) -> Feedback:
    """Return a feedback that shows the progress of a use case on a command's terminal."""
    return _ConsoleFeedback(command.io)


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the rows of a table of plain text as lines in which the columns are aligned."""
    table = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
