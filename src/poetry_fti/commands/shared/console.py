"""What all commands share: how they end, and how they write to the terminal."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

from cleo.formatters.formatter import Formatter
from cleo.io.io import IO
from cleo.io.outputs.null_output import NullOutput
from cleo.io.outputs.output import Type
from cleo.ui.progress_indicator import ProgressIndicator

from poetry_fti.errors import FAILED, INTERRUPTED, FtiError
from poetry_fti.operations.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cleo.io.outputs.output import Output
    from poetry.console.commands.command import Command


def escape(text: object) -> str:
    """Return text that cleo prints as it is, not as markup."""
    # Formatter.escape itself leaves the first of two "<" as it is.
    return Formatter.escape_trailing_backslash(str(text).replace("<", "\\<"))


def error(io: IO, text: object) -> None:
    """Write an error to the error stream."""
    io.write_error_line(f"<error>{escape(text)}</error>")


def plain(io: IO, text: str) -> None:
    """Write text to the output to the byte."""
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
    """Say what the operating system refused, and for which file."""
    reason = failure.strerror or str(failure)
    return f"{failure.filename}: {reason}" if failure.filename else reason


def load_project(command: Command) -> Project:
    """Return the project that a command was started in (or given, with -P)."""
    application = command.get_application()
    return Project(application.project_directory, lambda: application.poetry)


def project_to_lock(command: Command) -> Project:
    """Return the project; whether Poetry accepts it is not asked if the locks are fresh.

    Their content hashes vouch for a pyproject.toml that Poetry has accepted before.
    """
    application = command.get_application()
    try:
        project = Project(application.project_directory, lambda: application.poetry, trusted=True)
        stages = project.select(command.argument("stages"))
        needed = not all(stage.is_fresh for stage in stages)
    except Exception:  # noqa: BLE001 - what is wrong is said when the project is read properly
        return load_project(command)
    if needed:
        project.validate()
    return project


def quiet(io: IO) -> IO:
    """Return what Poetry's own code may write to.

    Its running commentary is for those who ask for it (-v); its warnings are for all.
    """
    return io if io.is_verbose() else IO(io.input, NullOutput(), io.error_output)


@contextmanager
def progress(io: IO, message: str) -> Iterator[None]:
    """Show that something is being done, unless Poetry itself tells about it (-v)."""
    if io.is_verbose() or not io.error_output.is_decorated():
        yield
        return
    with _ticking(io.error_output, f"{escape(message)}..."):
        yield


@contextmanager
def _ticking(output: Output, message: str) -> Iterator[None]:
    # Not ProgressIndicator.auto: an interrupt at its end leaves its thread running for ever.
    indicator = ProgressIndicator(output, "{message} <debug>({elapsed:2s})</debug>")
    done = Event()

    def tick() -> None:
        while not done.wait(0.1):
            indicator.advance()

    thread = Thread(target=tick, daemon=True)
    try:
        indicator.start(message)
        thread.start()
        yield
    finally:
        done.set()
        if thread.is_alive():
            thread.join()
        indicator.finish(message, reset_indicator=True)


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows of plain text as lines with aligned columns."""
    table = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
