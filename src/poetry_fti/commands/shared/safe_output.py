"""Text from elsewhere on the terminal of a command: without credentials and control characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.urls import public_text
from poetry_fti.wording import harmless

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleo.io.io import IO

# What cleo writes to move the cursor, as a message of its own.
_CURSOR: Final = re.compile(r"(?:\r|\x1b(?:\[[0-9;?]*[A-Za-z]|[78]))+")


def make_safe(io: IO) -> None:
    """Have whatever is written from now on made safe, also by Poetry's own commands and errors."""
    for output in (io.output, io.error_output):
        formatter = vars(output.formatter)
        if "format" not in formatter:
            formatter["format"] = _safe(output.formatter.format)


def _safe(render: Callable[[str], str]) -> Callable[[str], str]:
    def safe(message: str) -> str:
        if _CURSOR.fullmatch(message):
            return render(message)
        # cleo has a NUL for a backslash at the end.
        return render("\0".join(map(harmless, public_text(message).split("\0"))))

    return safe
