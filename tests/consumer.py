"""The tools that read what is exported, each in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ENVIRONMENTS: Final = Path(__file__).parents[1] / ".venv-platforms"
_BIN: Final = "Scripts" if os.name == "nt" else "bin"


@dataclass(frozen=True, slots=True)
class Consumer:
    """A tool that reads what is exported, in an environment of its own."""

    folder: Path
    programs: Path

    @classmethod
    def named(cls, name: str) -> Consumer:
        """Return the tool whose requirements are in `tests/platforms/environments/NAME.txt`."""
        folder = _environment(name)
        return cls(folder, folder / _BIN)

    @classmethod
    def from_npm(cls, name: str) -> Consumer:
        """Return the tool of `tests/platforms/environments/NAME/package.json`; skip without npm."""
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        folder = _environment(name)
        return cls(folder, folder / "node_modules" / ".bin")

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.program("python")

    def program(self, name: str) -> Path:
        """Return a program of the environment."""
        found = shutil.which(name, path=self.programs)
        assert found, f"{name} is not in {self.programs}"
        return Path(found)

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


def _environment(name: str) -> Path:
    folder = ENVIRONMENTS / name
    ready = folder / "ready"
    assert ready.exists(), f"run: make .venv-platforms/{name}/ready"
    if reason := ready.read_text(encoding="utf-8").strip():
        pytest.skip(f"{name} {reason}")
    return folder
