"""Running the real Poetry, with the plugin, as a user would."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import forks
from poetry_server import MAIN, Request
from running import Running

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# On a busy machine: stages are named as they are solved if that takes some seconds.
PROGRESS: Final = re.compile(r"^\S+: (failed|solved) \(\d+ of \d+ stages\)\n", re.MULTILINE)

Started: TypeAlias = "subprocess.Popen[str] | Running"


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended, and what it wrote."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Poetry:
    """Poetry's command line in an environment of the tests' own.

    Where the system can do it, a command runs in a fork of a process that has imported Poetry; with
    `new_process`, in a process that is started for it. A fork solves stages in up to `processes`,
    or in as many as a user's command does: forks of its own take longer than small stages.
    """

    environment: Mapping[str, str]
    new_process: bool = not forks.AVAILABLE
    python: str = sys.executable
    processes: int | None = None

    def __call__(
        self, folder: Path, *words: str, answers: str | None = None, timeout: float = 300
    ) -> Result:
        """Run `poetry WORDS` in a folder and return how it ended; stdin has the `answers` only."""
        if self.new_process:
            done = self._started(folder, words, answers, timeout)
        else:
            done = forks.run(self._request(folder, words), answers, timeout, self.python)
        assert "Traceback (most recent call last)" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, folder: Path, *words: str) -> str:
        """Run it, require exit code 0, and return its output."""
        result = self(folder, *words)
        assert result.code == 0, f"{words}: {result.code}\n{result.output}\n{result.errors}"
        return result.output

    def start(self, folder: Path, *words: str, new_session: bool = False) -> Started:
        """Start `poetry WORDS` in a folder, with an empty stdin and pipes for its outputs."""
        if not self.new_process:
            return Running(self._request(folder, words, new_session=new_session), self.python)
        return subprocess.Popen(
            [*self.command, *words],
            cwd=folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=new_session,
        )

    @property
    def command(self) -> list[str]:
        """The words that start Poetry in a new process, with the loopback index as its default."""
        return [self.python, "-m", MAIN]

    def _request(
        self, folder: Path, words: tuple[str, ...], *, new_session: bool = False
    ) -> Request:
        environment = dict(self.environment)
        return Request(words, str(folder.absolute()), environment, new_session, self.processes)

    def _started(
        self, folder: Path, words: tuple[str, ...], answers: str | None, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *words],
            cwd=folder,
            env=dict(self.environment),
            input=answers or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
