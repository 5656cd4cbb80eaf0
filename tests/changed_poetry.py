"""A Poetry in which a private name has been renamed, or that has another version."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from harness import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ChangedPoetry:
    """Poetry's command line in a process that has imported it; each command runs in a fork."""

    commands: IO[str]
    codes: IO[str]
    scratch: Path

    def __call__(self, folder: Path, *words: str) -> Result:
        """Run `poetry WORDS` in a folder and return how it ended; no traceback is accepted."""
        output, errors = self.scratch / "output", self.scratch / "errors"
        command = {
            "folder": str(folder),
            "output": str(output),
            "errors": str(errors),
            "words": words,
        }
        print(json.dumps(command), file=self.commands, flush=True)
        code = int(self.codes.readline())
        result = Result(code, output.read_text("utf-8"), errors.read_text("utf-8"))
        assert "Traceback (most recent call last)" not in result.errors, result.errors
        assert "Stack trace:" not in result.errors, result.errors
        return result

    def ok(self, folder: Path, *words: str) -> Result:
        """Run it and require exit code 0."""
        result = self(folder, *words)
        assert result.code == 0, f"{words}: {result.code}\n{result.output}\n{result.errors}"
        return result


@contextmanager
def changed_poetry(
    environment: Mapping[str, str], scratch: Path, *rename: str
) -> Iterator[ChangedPoetry]:
    """Start a Poetry in which the name is renamed (see `loopback.changed_main`)."""
    scratch.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "loopback.changed_main", *rename],
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield ChangedPoetry(process.stdin, process.stdout, scratch)
        process.stdin.close()
