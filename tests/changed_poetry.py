"""A Poetry in which private names have been renamed."""

from __future__ import annotations

import json
import socket
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import renamed_server
from forks import Server, interpreter_settings, start
from harness import Result
from poetry_server import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_TIMEOUT: Final = 300.0


@dataclass(frozen=True, slots=True)
class ChangedPoetry:
    """Poetry's command line in a process that has imported it; each command runs in a fork."""

    server: Server
    environment: Mapping[str, str]

    def __call__(self, folder: Path, *words: str) -> Result:
        """Run `poetry WORDS` in a folder and return how it ended; no traceback is accepted."""
        request = Request(words, str(folder.absolute()), self.environment)
        done = self.server.run(request, None, _TIMEOUT)
        assert "Traceback (most recent call last)" not in done.stderr, done.stderr
        assert "Stack trace:" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, folder: Path, *words: str) -> Result:
        """Run it and require exit code 0."""
        result = self(folder, *words)
        assert result.code == 0, f"{words}: {result.code}\n{result.output}\n{result.errors}"
        return result


@dataclass(frozen=True, slots=True)
class ChangedPoetries:
    """A process that starts Poetries in which names are renamed."""

    connection: socket.socket

    @contextmanager
    def renamed(
        self, environment: Mapping[str, str], *renames: Sequence[str]
    ) -> Iterator[ChangedPoetry]:
        """Start a Poetry; each of `renames` are the arguments of a `renaming.Rename`.

        Its interpreter has the settings of the process that starts it.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            with theirs:
                message = json.dumps(renames).encode()
                socket.send_fds(self.connection, [message], [theirs.fileno()])
            yield ChangedPoetry(Server(ours), environment)


@contextmanager
def changed_poetries(environment: Mapping[str, str]) -> Iterator[ChangedPoetries]:
    """Start the process, with the settings for the interpreter in the environment."""
    settings = interpreter_settings(environment)
    connection, process = start(sys.executable, renamed_server.__file__, settings)
    with connection:
        yield ChangedPoetries(connection)
    process.wait()
