"""The loopback index in a process of its own: it takes no time from those who measure."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from loopback.clients import PROJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY: Final = 86_400


@contextmanager
def served(
    latency: int, *, port: int = 0, max_age: int = DAY, record: Path | None = None
) -> Iterator[str]:
    """Serve the index and yield its URL: milliseconds before each answer, seconds to keep it."""
    options: dict[str, int | Path] = {"--latency": latency, "--port": port, "--max-age": max_age}
    options |= {"--record": record} if record else {}
    words = [str(word) for option in options.items() for word in option]
    with subprocess.Popen(
        [sys.executable, "-m", "loopback", *words],
        cwd=PROJECTS.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None  # noqa: S101 -- a pipe was asked for
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
