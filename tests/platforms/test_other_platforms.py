"""The files for Dagster and BentoML, read by them."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from consumer import Consumer
from harness import Poetry
from loopback.catalogue import load
from loopback.clients import isolated_environment
from loopback.index import LoopbackIndex
from pages import Reader, blocks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the environments on the page are those of POSIX"
)

GUIDE: Final = "docs/how-to/other-platforms.md"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the page, after everything that the page does."""
    root = tmp_path_factory.mktemp("project")
    with LoopbackIndex(load()) as index:
        poetry = Poetry(isolated_environment(tmp_path_factory.mktemp("home"), index.url))
        Reader(poetry, root, {}).follow(GUIDE)
    return root


def commands(program: str) -> list[list[str]]:
    """Return the commands of the page that run a program."""
    consoles = [block for block in blocks(GUIDE) if block.language == "console"]
    found = (shlex.split(command.text) for block in consoles for command in block.commands)
    return [words for words in found if words[0] == program]


def test_dagster_accepts_the_definitions(project: Path, tmp_path: Path) -> None:
    (command,) = commands("dagster")
    Consumer.named("dagster").run(*command, cwd=project, HOME=str(tmp_path))


def test_a_bento_is_built_from_the_lock(project: Path, tmp_path: Path) -> None:
    (command,) = commands("bentoml")
    Consumer.named("bentoml").run(
        *command,
        cwd=project,
        BENTOML_DO_NOT_TRACK="true",
        BENTOML_HOME=str(tmp_path),
        HOME=str(tmp_path),
    )
    (bento,) = (path.parent for path in tmp_path.glob("bentos/service/*/bento.yaml"))
    exported = yaml.safe_load((project / "fti/inference/bentofile.yaml").read_text("utf-8"))
    pins = exported["python"]["packages"]
    assert any(re.match("scikit-learn==.* --hash=sha256:", pin) for pin in pins)
    built = (bento / "env/python/requirements.txt").read_text("utf-8")
    lines = re.sub(r" *\\\n *", " ", built).splitlines()
    assert [line for line in lines if line] == [*pins, "bentoml==1.4.40"]
    dockerfile = (bento / "env/docker/Dockerfile").read_text("utf-8")
    assert "FROM python:3.11-slim" in dockerfile
    assert "libgomp1" in dockerfile
    described = yaml.safe_load((bento / "bento.yaml").read_text("utf-8"))
    assert described["service"] == "service:Service"
    assert described["labels"] == exported["labels"]
    assert {each["name"]: each["value"] for each in described["envs"]} == {"LEVEL": "3"}
    assert (bento / "src/service.py").exists()
