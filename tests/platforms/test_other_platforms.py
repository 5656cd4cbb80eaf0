"""The examples for Dagster and BentoML, run by them."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING, Final

import pytest

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
_PIN: Final = re.compile(r"^([a-z-]+==[0-9.]+)", re.MULTILINE)


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


def test_a_bento_has_the_requirements_of_the_stage(project: Path, tmp_path: Path) -> None:
    Consumer.named("bentoml").run(
        *("bentoml", "build", "service:Service"),
        cwd=project,
        BENTOML_DO_NOT_TRACK="true",
        BENTOML_HOME=str(tmp_path),
        HOME=str(tmp_path),
    )
    (built,) = tmp_path.glob("bentos/credit/*/env/python/requirements.txt")
    exported = (project / "fti/inference/requirements.txt").read_text(encoding="utf-8")
    pins = _PIN.findall(exported)
    assert any(pin.startswith("scikit-learn==") for pin in pins)
    found = built.read_text(encoding="utf-8")
    assert _PIN.findall(found) == [*pins, "bentoml==1.4.40"]
    assert re.findall("sha256:[0-9a-f]+", found) == re.findall("sha256:[0-9a-f]+", exported)
