"""Ends commands on SIGINT and SIGTERM with the same clean-up, and with an exit code for each."""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import INTERRUPTED, TERMINATED, StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXIT_CODES: Final = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED}
_DEFAULT: Final = (signal.SIG_DFL, signal.default_int_handler)


class Interruption:
    """Handles the signals that end a command.

    They raise StoppedError while the command is running, and SystemExit at other times, as
    there is nothing to clean up then. Signals that this process ignores stay ignored.
    """

    def __init__(self) -> None:
        self._received: signal.Signals | None = None
        self._is_running = False

    @property
    def exit_code(self) -> int | None:
        """The exit code for the signal that was received first; None without any."""
        return None if self._received is None else _EXIT_CODES[self._received]

    def install(self) -> None:
        """Begin to handle the signals."""
        if threading.current_thread() is threading.main_thread():
            for number in _EXIT_CODES:
                if signal.getsignal(number) in _DEFAULT:
                    signal.signal(number, self._handle)

    def uninstall(self) -> None:
        """Restore the default handlers."""
        for number, default in zip(_EXIT_CODES, reversed(_DEFAULT), strict=True):
            if signal.getsignal(number) == self._handle:
                signal.signal(number, default)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Return a context in which the command runs, and the signals raise StoppedError.

        It is raised at once for a signal whose exception was lost before.
        """
        self._is_running = True
        try:
            if self._received is not None:
                raise StoppedError(self._received)
            yield
        finally:
            self._is_running = False

    def _handle(self, number: int, _frame: object) -> None:
        is_first = self._received is None
        self._received = self._received or signal.Signals(number)
        if not self._is_running:
            raise SystemExit(self.exit_code)
        # SIGTERM is often sent twice, and must not interrupt the clean-up.
        if is_first or number == signal.SIGINT:
            raise StoppedError(number)


_installed: list[Interruption] = []


def install() -> None:
    """Handle the signals of this process before a command runs."""
    _installed.append(Interruption())
    _installed[-1].install()


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Yield the handler of this process's signals; restore the default handlers at the end."""
    if not _installed:
        install()
    handler = _installed.pop()
    try:
        yield handler
    finally:
        handler.uninstall()


def wait(process: subprocess.Popen[bytes], clean_up: float | None = None) -> int:
    """Return the exit code of a child process.

    After a signal, which SIGTERM passes on to the child, the child gets `clean_up` seconds to end,
    and by default as long as it needs; then StoppedError is raised.
    """
    try:
        return process.wait()
    except KeyboardInterrupt as stop:
        # The terminal has interrupted the child, too.
        if isinstance(stop, StoppedError) and stop.number == signal.SIGTERM:
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(clean_up)
        raise
    finally:
        if process.poll() is None:
            process.terminate()
