"""A command of Poetry that runs in a fork while the test goes on."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack
from threading import Thread
from typing import IO, TYPE_CHECKING

import forks

if TYPE_CHECKING:
    from poetry_server import Request


class Running:
    """The part of ``subprocess.Popen`` that the tests use; both outputs are pipes of text."""

    def __init__(self, request: Request, python: str) -> None:
        self._request = request
        self._borrowed = ExitStack()
        self._server = self._borrowed.enter_context(forks.borrowed(request, python))
        self.returncode: int | None = None
        self.stdout, its_output = _pipe()
        self.stderr, its_errors = _pipe()
        passed = [os.open(os.devnull, os.O_RDONLY), its_output, its_errors]
        try:
            self.pid = self._server.send(request, passed)
        finally:
            for descriptor in passed:
                os.close(descriptor)

    def poll(self) -> int | None:
        """Return the exit code, or ``None`` while the command runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, once the command has ended; raises TimeoutExpired."""
        if self.returncode is None:
            try:
                self.returncode = self._server.receive(timeout)
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(list(self._request.words), timeout or 0) from None
            self._borrowed.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return what is left of both outputs, once the command has ended; raises TimeoutExpired.

        Both are empty if they have been read before.
        """
        texts = {self.stdout: "", self.stderr: ""}

        def read(file: IO[str]) -> None:
            with file:
                texts[file] = file.read()

        readers = [Thread(target=read, args=[file]) for file in texts if not file.closed]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join()
        return texts[self.stdout], texts[self.stderr]

    def send_signal(self, number: int) -> None:
        """Send a signal if the command still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the command if it still runs."""
        self.send_signal(signal.SIGKILL)


def _pipe() -> tuple[IO[str], int]:
    reader, writer = os.pipe()
    return open(reader), writer  # noqa: PTH123 - a descriptor has no path
