"""The tutorial, command by command as it is written, in an empty folder."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from harness import Poetry
from loopback.archives import Artifact
from loopback.artifacts import record
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.newest_only

TUTORIAL: Final = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK: Final = re.compile(r"^```(console|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS: Final = re.compile(r"\d+\.\d s$", re.MULTILINE)

# Stand-ins that can be installed, with the versions that the tutorial shows.
PACKAGES: Final = (
    Artifact(name="numpy", version="1.26.4"),
    Artifact(name="numpy", version="2.4.6"),
    Artifact(name="duckdb", version="1.4.2"),
    Artifact(name="joblib", version="1.5.2"),
    Artifact(name="ipykernel", version="7.1.0"),
)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a block, each with the output that is shown, which may be none."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def run(command: str, folder: Path, poetry: Poetry) -> str:
    program, *words = shlex.split(command)
    if program == "poetry":
        return poetry.ok(folder, *words)
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


def test_every_command_does_what_is_shown(tmp_path: Path) -> None:
    artifacts, here = (tmp_path / name for name in ("artifacts", "here"))
    for folder in (artifacts, here):
        folder.mkdir()
    listed = artifacts / "index.json"
    listed.write_text(json.dumps({"packages": record(PACKAGES, artifacts)}), encoding="utf-8")
    with LoopbackIndex(load(listed, archives=artifacts)) as index:
        poetry = Poetry(isolated_environment(tmp_path / "home", index.url))
        for kind, block in BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
            if kind == "toml":
                with (here / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
                    pyproject.write(f"\n{block}")
                continue
            for command, shown in commands(block):
                said = run(command, here, poetry)
                assert not shown or SECONDS.sub("", said) == SECONDS.sub("", shown), command
                if command.startswith("cd "):
                    here /= command.removeprefix("cd ")
