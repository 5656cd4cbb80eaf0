"""Commands of Poetry run by :mod:`poetry_server`, which forks instead of importing Poetry anew."""

from __future__ import annotations

import atexit
import io
import json
import locale
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import poetry_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_server import Request

AVAILABLE: Final = sys.platform == "linux"
# A folder that does not exist: what depends on it is computed anew in each fork.
NO_HOME: Final = "/home-of-the-poetry-server"

# Read when the interpreter starts, or (the last one) when Poetry is imported.
_INTERPRETER: Final = (
    *("COVERAGE_", "PYTHON", "LANG", "LC_", "LD_", "TZ"),
    "POETRY_REQUESTS_TIMEOUT",
)
_NOT_INTERPRETER: Final = "PYTHON_KEYRING_BACKEND"
_PIPE: Final = 1 << 16  # bytes that fit into a pipe that nobody reads

_idle: dict[str, list[Server]] = {}
_open: list[Server] = []


def run(
    request: Request, answers: str | None, timeout: float, python: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of Poetry in a fork and return how it ended; raises TimeoutExpired.

    Without `answers`, its stdin is empty.
    """
    with borrowed(request, python) as server:
        return server.run(request, answers, timeout)


@contextmanager
def borrowed(request: Request, python: str) -> Iterator[Server]:
    """Yield a server whose interpreter has the settings of the request."""
    settings = json.dumps(interpreter_settings(request.environment))
    servers = _idle.setdefault(python + settings, [])
    server = servers.pop() if servers else _first(python, settings).copy()
    try:
        yield server
    finally:
        if server.is_running:
            servers.append(server)


@cache
def _first(python: str, settings: str) -> Server:
    """Start a server, which is only copied."""
    connection, process = start(python, poetry_server.__file__, json.loads(settings))
    server = Server(connection)

    def end() -> None:
        for each in (*_open, server):
            each.close()
        process.wait()

    atexit.register(end)
    return server


def interpreter_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return those environment variables that take effect when an interpreter starts."""
    return {
        name: environment[name]
        for name in sorted(environment)
        if name.startswith(_INTERPRETER) and name != _NOT_INTERPRETER
    }


def start(
    python: str, script: str, settings: Mapping[str, str]
) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start a script that answers requests, and return the connection to it, and its process."""
    connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [python, script, str(theirs.fileno())],
            env={**settings, "HOME": NO_HOME},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
    return connection, process


@dataclass(frozen=True, slots=True)
class Server:
    """A process that has imported Poetry, and runs one command at a time in a fork."""

    connection: socket.socket

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        self.connection.settimeout(0)
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True

    def close(self) -> None:
        """Let the process end."""
        self.connection.close()

    def copy(self) -> Server:
        """Return a server of its own that is a fork of this one."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self.connection, [poetry_server.COPY], [theirs.fileno()])
        _open.append(Server(ours))
        return _open[-1]

    def send(self, request: Request, descriptors: Sequence[int]) -> int:
        """Start a command with these as its stdin, stdout and stderr; return its process ID."""
        message = json.dumps(asdict(request)).encode()
        self.connection.settimeout(None)
        socket.send_fds(self.connection, [message], descriptors)
        return self.receive()

    def receive(self, timeout: float | None = None) -> int:
        """Return the exit code of the command, once it has ended; raises TimeoutError.

        The code is negative for a signal, as in ``Popen.returncode``.
        """
        self.connection.settimeout(timeout)
        answer = self.connection.recv(64)
        assert answer, "the server has ended"
        return int(answer)

    def run(
        self, request: Request, answers: str | None, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as ``subprocess.run`` would; raises TimeoutExpired."""
        deadline = time.monotonic() + timeout
        with ExitStack() as opened:
            output, errors, process = _start(self, request, answers, opened)
            try:
                texts = _read([output, errors], deadline)
            except TimeoutError:
                os.kill(process, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(request.words), timeout) from None
            finally:
                code = self.receive()
        return subprocess.CompletedProcess(list(request.words), code, *texts)


def _start(
    server: Server, request: Request, answers: str | None, opened: ExitStack
) -> tuple[int, int, int]:
    """Send a request; return the descriptors of what the command writes, and its process ID."""
    output, its_output = os.pipe()
    errors, its_errors = os.pipe()
    opened.callback(os.close, output)
    opened.callback(os.close, errors)
    its_input = _filled_pipe(answers) if answers else os.open(os.devnull, os.O_RDONLY)
    passed = [its_input, its_output, its_errors]
    try:
        return output, errors, server.send(request, passed)
    finally:
        for descriptor in passed:
            os.close(descriptor)


def _filled_pipe(text: str) -> int:
    content = text.encode(locale.getpreferredencoding(do_setlocale=False))
    assert len(content) <= _PIPE
    reader, writer = os.pipe()
    with open(writer, "wb") as file:  # noqa: PTH123 - a descriptor has no path
        file.write(content)
    return reader


def _read(descriptors: list[int], deadline: float) -> list[str]:
    """Return what comes until the other ends are closed; raises TimeoutError."""
    contents = {descriptor: bytearray() for descriptor in descriptors}
    with selectors.DefaultSelector() as selector:
        for descriptor in descriptors:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                part = os.read(key.fd, _PIPE)
                contents[key.fd] += part
                if not part:
                    selector.unregister(key.fd)
    return [_text(bytes(content)) for content in contents.values()]


def _text(content: bytes) -> str:
    encoding = locale.getpreferredencoding(do_setlocale=False)
    return io.TextIOWrapper(io.BytesIO(content), encoding=encoding).read()
