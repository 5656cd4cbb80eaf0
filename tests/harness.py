"""Running the real Poetry, with the plugin, as a user would."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended, and what it wrote."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True, slots=True)
class Poetry:
    """Poetry's command line in an environment of the tests' own."""

    environment: Mapping[str, str]

    def __call__(self, folder: Path, *words: str, timeout: float = 300) -> Result:
        """Run `poetry WORDS` in a folder and return how it ended."""
        done = subprocess.run(
            [*self.command, *words],
            cwd=folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert "Traceback (most recent call last)" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, folder: Path, *words: str) -> str:
        """Run it, require exit code 0, and return its output."""
        result = self(folder, *words)
        assert result.code == 0, f"{words}: {result.code}\n{result.output}\n{result.errors}"
        return result.output

    @property
    def command(self) -> list[str]:
        """The words that start Poetry with the loopback index as its default one."""
        return [sys.executable, "-m", "loopback.poetry_main"]


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
