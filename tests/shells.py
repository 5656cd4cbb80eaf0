"""Poetry for the shells and the tools that a test starts: the first program `poetry` on PATH."""

from __future__ import annotations

import json
import os
import shlex
import socket
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import forks
import poetry_program
from poetry_server import LARGEST_REQUEST, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry


@contextmanager
def poetry_on_path(poetry: Poetry, folder: Path) -> Iterator[dict[str, str]]:
    """Write the program to a new folder, and yield the environment variables with its PATH.

    As `Poetry` does, it runs a command in a fork where the system can do it.
    """
    folder.mkdir()
    environment = {
        **poetry.environment,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
    }
    if poetry.new_process:
        _write(folder, *poetry.command)
        yield environment
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind("")  # the system chooses an abstract address
        listener.listen()
        address = listener.getsockname()[1:].decode()
        script = [poetry.python, "-I", "-S", poetry_program.__file__, address]
        _write(folder, *script)
        thread = Thread(target=_serve, args=(listener, poetry.python))
        thread.start()
        try:
            yield environment
        finally:
            listener.shutdown(socket.SHUT_RD)
            thread.join()


def _write(folder: Path, *words: str) -> None:
    program = folder / "poetry"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def _serve(listener: socket.socket, python: str) -> None:
    """Run the commands that come, each in a thread, until the listener is shut down."""
    threads = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        threads.append(Thread(target=_answer, args=(connection, python)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _answer(connection: socket.socket, python: str) -> None:
    with connection:
        message, descriptors, _, _ = socket.recv_fds(connection, LARGEST_REQUEST, 3)
        request = Request(**json.loads(message))
        with forks.borrowed(request, python) as server:
            server.send(request, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            connection.send(str(server.receive()).encode())
