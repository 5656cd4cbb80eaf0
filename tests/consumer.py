"""The tools that read what is exported, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENVIRONMENTS: Final = Path(__file__).parents[1] / ".venv-platforms"
_BIN: Final = "Scripts" if os.name == "nt" else "bin"


@dataclass(frozen=True, slots=True)
class Consumer:
    """A tool that reads what is exported, in an environment of its own."""

    folder: Path

    @classmethod
    def named(cls, name: str) -> Consumer:
        """Return the tool whose requirements are in `tests/platforms/environments/NAME.txt`."""
        folder = ENVIRONMENTS / name
        assert (folder / "ready").exists(), f"run: make .venv-platforms/{name}/ready"
        return cls(folder)

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """Return a program of the environment."""
        return self.folder / _BIN / name

    def run(self, *words: str | Path, cwd: Path | None = None, **variables: str) -> str:
        """Run a program of the environment, require exit code 0, and return its output."""
        program, *arguments = words
        done = subprocess.run(
            [self.program(str(program)), *arguments],
            cwd=cwd,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout
