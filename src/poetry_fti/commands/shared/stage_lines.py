"""The states of stages on a terminal while they are locked, one line for each stage."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from cleo.io.outputs.output import Type

from poetry_fti.model.stage_state import Phase
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cleo.io.io import IO
    from cleo.io.outputs.output import Output

    from poetry_fti.model.stage_state import StageState

_INTERVAL: Final = 0.1  # seconds
# Lines of the terminal that the display leaves free: an empty one, the header, and the next one.
_OTHER_LINES: Final = 3
_TEXTS: Final = {
    Phase.WAITING: "waiting",
    Phase.SOLVING: "solving",
    Phase.ALIGNING: "aligning",
    Phase.LOCKING: "locking",
    Phase.FAILED: "failed",
}


def stage_lines(states: Mapping[str, StageState], width: int) -> list[str]:
    """Return a line for each stage, of at most `width` columns."""
    names = max(map(len, states), default=0)
    return [_cut(f"  {name:<{names}}  {_text(state)}", width) for name, state in states.items()]


def _text(state: StageState) -> str:
    if state.phase is Phase.DONE:
        return f"done in {state.seconds:.1f} s"
    if state.phase is Phase.SOLVING and state.is_reading:
        return f"reading the index: {counted(state.pages, 'package')}"
    return _TEXTS[state.phase]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


@contextmanager
def stage_display(
    io: IO, message: str, states: Callable[[], Mapping[str, StageState]]
) -> Iterator[None]:
    """Show a message with the elapsed seconds and the states of stages inside the context.

    They are not shown with `-v`, which prints the solver's log, nor without a terminal. Only the
    message remains at the end.
    """
    if io.is_verbose() or io.output.is_quiet() or not io.error_output.is_decorated():
        yield
        return
    display = _Display(io.error_output, message, states)
    done = Event()

    def repeat() -> None:
        while not done.wait(_INTERVAL):
            display.draw()

    thread = Thread(target=repeat, daemon=True)
    try:
        display.draw()
        thread.start()
        yield
    finally:
        done.set()
        if thread.is_alive():
            thread.join()
        display.end()


class _Display:
    def __init__(
        self, output: Output, message: str, states: Callable[[], Mapping[str, StageState]]
    ) -> None:
        self._output = output
        self._message = message
        self._states = states
        self._started = time.monotonic()

    def draw(self) -> None:
        """Draw all lines below the cursor, and leave it where it is, on an empty line.

        Other output, such as a warning, is written there, and remains above the next drawing.
        """
        width, height = shutil.get_terminal_size()
        lines = [self._header(width), *stage_lines(self._states(), width)]
        lines = lines[: max(1, height - _OTHER_LINES + 1)]
        text = "".join(f"\n{line}\x1b[K" for line in lines)
        self._write(f"\r\x1b[K{text}\x1b[J\r\x1b[{len(lines)}A")

    def end(self) -> None:
        """Replace the lines by the message."""
        width, _ = shutil.get_terminal_size()
        self._write(f"\r\x1b[J{self._header(width)}\n")

    def _header(self, width: int) -> str:
        return _cut(f"{self._message}... ({time.monotonic() - self._started:.0f}s)", width)

    def _write(self, text: str) -> None:
        self._output.write(text, type=Type.RAW)
        self._output.flush()
