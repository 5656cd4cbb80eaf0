"""A Poetry in which a private name has been renamed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from forks import Server, interpreter_settings
from harness import Result
from poetry_server import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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


@contextmanager
def changed_poetry(environment: Mapping[str, str], *rename: str) -> Iterator[ChangedPoetry]:
    """Start a Poetry in which a name is renamed (see `renaming`): a NAME, and perhaps a MODULE."""
    server = Server(sys.executable, interpreter_settings(environment), *rename)
    try:
        yield ChangedPoetry(server, environment)
    finally:
        server.close()
