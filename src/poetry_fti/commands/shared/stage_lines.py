"""The states of stages while they are locked: a line for each stage."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Protocol

from cleo.io.outputs.output import Type

from poetry_fti.model.stage_state import Phase
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cleo.io.io import IO
    from cleo.io.outputs.output import Output

    from poetry_fti.model.stage_state import StageState
    from poetry_fti.operations.feedback import States

_INTERVAL: Final = 0.1  # seconds
# Without a terminal, results follow before anybody would wonder what takes so long.
_PATIENCE: Final = 5.0  # seconds
# Lines of the terminal that the display leaves free: an empty one, the header, and the next one.
_OTHER_LINES: Final = 3
_TEXTS: Final = {
    Phase.WAITING: "waiting",
    Phase.SOLVING: "solving",
    Phase.ALIGNING: "aligning",
    Phase.LOCKING: "locking",
    Phase.FAILED: "failed",
}


class Display(Protocol):
    """What shows the states of stages."""

    def draw(self) -> None:
        """Show the present states."""

    def end(self) -> None:
        """Show the last states, or none."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Let other output be written inside the context."""


@contextmanager
def show_stages(
    io: IO, message: str, states: States, *, patience: float = _PATIENCE
) -> Iterator[Display | None]:
    """Show a message and the states of stages on the error output, inside the context.

    On a terminal, the message remains at the end. Without one, stages are named as they are solved
    if that takes longer than `patience`, in seconds. Nothing is shown with `-q`, nor with `-v`,
    which prints the solver's log.
    """
    if io.is_verbose() or io.output.is_quiet():
        yield None
        return
    if io.error_output.is_decorated():
        display: Display = _Terminal(io.error_output, message, states)
    else:
        display = _Pipe(io.error_output, states, patience)
    done = Event()

    def repeat() -> None:
        while not done.wait(_INTERVAL):
            display.draw()

    thread = Thread(target=repeat, daemon=True)
    try:
        display.draw()
        thread.start()
        yield display
    finally:
        done.set()
        if thread.is_alive():
            thread.join()
        display.end()


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


class _Terminal:
    def __init__(self, output: Output, message: str, states: States) -> None:
        self._output = output
        self._message = message
        self._states = states
        self._started = time.monotonic()
        self._lock = Lock()

    def draw(self) -> None:
        """Draw all lines below the cursor, and leave it where it is, on an empty line."""
        width, height = shutil.get_terminal_size()
        lines = [self._header(width), *stage_lines(self._states(), width)]
        lines = lines[: max(1, height - _OTHER_LINES + 1)]
        text = "".join(f"\n{line}\x1b[K" for line in lines)
        with self._lock:
            self._write(f"\r\x1b[K{text}\x1b[J\r\x1b[{len(lines)}A")

    def end(self) -> None:
        """Replace the lines by the message."""
        width, _ = shutil.get_terminal_size()
        self._write(f"\r\x1b[J{self._header(width)}\n")

    @contextmanager
    def hidden(self) -> Iterator[None]:
        with self._lock:
            self._write("\r\x1b[J")
            yield

    def _header(self, width: int) -> str:
        return _cut(f"{self._message}... ({time.monotonic() - self._started:.0f}s)", width)

    def _write(self, text: str) -> None:
        self._output.write(text, type=Type.RAW)
        self._output.flush()


class _Pipe:
    def __init__(self, output: Output, states: States, patience: float) -> None:
        self._output = output
        self._states = states
        self._begin = time.monotonic() + patience
        self._solved: set[str] = set()
        self._lock = Lock()

    def draw(self) -> None:
        """Name the stages that have been solved since the last call."""
        states = self._states()
        if time.monotonic() < self._begin or len(states) == 1:
            return
        with self._lock:
            for name, state in states.items():
                if state.phase >= Phase.ALIGNING and name not in self._solved:
                    self._solved.add(name)
                    result = "failed" if state.phase is Phase.FAILED else "solved"
                    self._output.write_line(
                        f"{name}: {result} ({len(self._solved)} of {len(states)} stages)",
                        type=Type.RAW,
                    )
                    self._output.flush()

    def end(self) -> None:
        """Name no more stages: the results follow."""

    @contextmanager
    def hidden(self) -> Iterator[None]:
        with self._lock:
            yield
