"""Pages of the documentation, followed as a reader would.

A `toml` block with `[project]` is the whole pyproject.toml, any other one is merged into it. If the
first line of a block is a comment with a path, the block is that file. The commands of a `console`
block are run. Each prints the output that is shown, if there is one, and succeeds, unless `echo $?`
after it shows another exit code. `…` stands for any lines. A block is skipped if the comment
`<!-- not run -->` precedes it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tomlkit

from harness import PROGRESS
from poetry_fti.bridge.toml_parser import tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from harness import Poetry

ROOT: Final = Path(__file__).parents[1]
SECONDS: Final = re.compile(r" in \d+\.\d s")
# They install the tools, are not among those of these tests, or need a daemon or a cloud.
NOT_RUN: Final = frozenset(
    (
        "az",
        "bentoml",
        "conda",
        "dagster",
        "docker",
        "make",
        "mlflow",
        "mypy",
        "pip",
        "pip-audit",
        "pipx",
        "pre-commit",
        "uv",
    )
)

_BLOCK: Final = re.compile(r"^(<!-- not run -->\n+)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATH: Final = re.compile(r"(?:#|//) (\S*[./]\S*)\n")


@dataclass(frozen=True, slots=True)
class Command:
    """A command, the output that is shown of it (perhaps none), and its exit code."""

    text: str
    shown: str
    code: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code that a reader is to follow."""

    language: str
    text: str

    @property
    def path(self) -> str | None:
        """The file that the block is, if its first line names one."""
        found = _PATH.match(self.text)
        return found[1] if found else None

    @property
    def commands(self) -> Iterator[Command]:
        """The commands of a console block."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        for part, following in zip(parts, [*parts[1:], ""], strict=True):
            text, _, shown = part.partition("\n")
            asked, _, code = following.partition("\n")
            if text != "echo $?":
                yield Command(
                    re.sub(r" {2,}#.*", "", text), shown, int(code) if asked == "echo $?" else 0
                )


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page, by its path from the root of the repository."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = _BLOCK.findall(text)
    return [Block(language, code) for skipped, language, code in found if not skipped]


@dataclass(slots=True)
class Reader:
    """Someone who follows a page in the folder `here`; the page's texts may be replaced."""

    poetry: Poetry
    here: Path
    replaced: Mapping[str, str]

    def follow(self, page: str, prepare: Callable[[], object] = lambda: None) -> None:
        """Do all that a page says; `prepare` is called once there is a project."""
        for block in blocks(page):
            if block.language == "console":
                for command in block.commands:
                    self.run(command)
            elif block.path or block.language == "toml":
                self.write(block)
                if "[project]\n" in block.text:
                    prepare()

    def write(self, block: Block) -> None:
        """Write the file that a block is, or merge it into pyproject.toml."""
        text = block.text
        for old, new in self.replaced.items():
            text = text.replace(old, new)
        target = self.here / (block.path or "pyproject.toml")
        if not block.path and "[project]\n" not in text:
            both = tomllib.loads(target.read_text(encoding="utf-8"))
            merge(both, tomllib.loads(text))
            text = tomlkit.dumps(both)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def run(self, command: Command) -> None:
        """Run a command and compare its end and what it prints."""
        program, *words = shlex.split(command.text)
        if program in NOT_RUN:
            return
        if program == "cd":
            self.here /= words[0]
            return
        if program == "poetry":
            result = self.poetry(self.here, *words)
            code, printed = result.code, result.output + result.errors
        else:
            done = subprocess.run(
                ["bash", "-c", command.text],
                cwd=self.here,
                env={**self.poetry.environment, "PATH": os.environ["PATH"]},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            code, printed = done.returncode, done.stdout
        assert code == command.code, f"{command.text}\n{printed}"
        if command.shown:
            compare(printed, command.shown)


def compare(printed: str, shown: str) -> None:
    """Compare an output with what a page shows of it, without the times that it took."""
    printed = PROGRESS.sub("", printed)
    actual, expected = (SECONDS.sub("", each.strip("\n")) + "\n" for each in (printed, shown))
    if "…\n" not in expected:
        assert actual == expected, f"{actual}\n{expected}"
        return
    pattern = "(?:.*\n)*".join(map(re.escape, re.split(r"^…\n", expected, flags=re.MULTILINE)))
    assert re.fullmatch(pattern, actual), actual


def merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add keys to tables; arrays of tables are extended, other values replaced."""
    for key, value in more.items():
        before = into.get(key)
        if isinstance(before, dict):
            merge(before, value)
        elif before and isinstance(before, list) and isinstance(before[0], dict):
            before.extend(value)
        else:
            into[key] = value
