"""The tutorial, command by command as it is written, in an empty folder."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness import Poetry
from loopback.archives import Artifact
from loopback.artifacts import record
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


def run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_command_does_what_is_shown(tmp_path: Path) -> None:
    artifacts, here, tools = (tmp_path / name for name in ("artifacts", "here", "bin"))
    for folder in (artifacts, here, tools):
        folder.mkdir()
    listed = artifacts / "index.json"
    listed.write_text(json.dumps({"packages": record(PACKAGES, artifacts)}), encoding="utf-8")
    with LoopbackIndex(load(listed, archives=artifacts)) as index:
        environment = isolated_environment(tmp_path / "home", index.url)
        words = shlex.join(Poetry(environment).command)
        (tools / "poetry").write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        (tools / "poetry").chmod(0o755)
        environment["PATH"] = f"{tools}:{environment['PATH']}"
        for kind, block in BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
            if kind == "toml":
                with (here / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
                    pyproject.write(f"\n{block}")
                continue
            for command, shown in commands(block):
                said = run(command, here, environment)
                assert not shown or SECONDS.sub("", said) == SECONDS.sub("", shown), command
                if command.startswith("cd "):
                    here /= command.removeprefix("cd ")
