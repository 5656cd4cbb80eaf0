"""The program `poetry` for shells and other tools, which runs each command in a fork.

``python -I -S poetry_program.py ADDRESS WORDS`` is the program: it sends its arguments, its
environment variables, its working directory and its descriptors to ADDRESS, an abstract socket, and
ends as the command does. It imports little, since it takes the place of a command that imports
nothing.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn


def main(address: str, words: list[str]) -> NoReturn:
    """Have the command run, and end as it does."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(b"\0" + address.encode())
    request = {"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109
    socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
    code = int(connection.recv(64))
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
