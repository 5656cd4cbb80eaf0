"""Requests to a platform's service, as `--dry-run` prints them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from poetry_fti.commands.shared.console import escape, plain
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from cleo.io.io import IO

    from poetry_fti.ports.rest.service import Call

_INDENT: Final = 2


def print_call(io: IO, call: Call) -> None:
    """Print the method and the path of a request, and its body as JSON."""
    io.write_line(f"<info>{call.method}</info> {escape(str(call).partition(' ')[2])}")
    if call.file is not None:
        name, content = call.file
        io.write_line(f"  {escape(name)}, {counted(len(content), 'byte')}")
    if call.body is not None:
        plain(io, json.dumps(call.body, indent=_INDENT) + "\n")
