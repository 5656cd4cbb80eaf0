"""A progress indicator for commands that take long."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from cleo.ui.progress_indicator import ProgressIndicator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.io import IO
    from cleo.io.outputs.output import Output


@contextmanager
def spinner(io: IO, message: str) -> Iterator[None]:
    """Show a message with the elapsed seconds for the duration of the context.

    The message is not shown with `-v`, which prints the solver's log, nor without a terminal.
    """
    if io.is_verbose() or not io.error_output.is_decorated():
        yield
        return
    escaped = message.replace("<", "\\<")
    with _ticking(io.error_output, f"{escaped}..."):
        yield


@contextmanager
def _ticking(output: Output, message: str) -> Iterator[None]:
    # Not ProgressIndicator.auto: if it is interrupted while it ends, its thread never stops.
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
