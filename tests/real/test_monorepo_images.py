"""The images of a monorepo, with a real Docker engine: a library beside the project, two inside."""

from __future__ import annotations

import secrets
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from containers import docker
from loopback import in_tree_backend
from loopback.archives import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import Poetry

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]

PYPROJECT = """\
[project]
name = "{name}"
version = "1"
requires-python = ">=3.12,<3.13"
[tool.poetry]
package-mode = false
[tool.poetry.group.training.dependencies]
trainer = {{ path = "pipelines/training", develop = true }}
[tool.poetry.group.inference.dependencies]
server = {{ path = "services/inference", develop = true }}
[tool.fti.stages.training.image]
labels = {{ test = "{name}" }}
command = ["python", "-c", "import trainer; print(trainer.VALUE)"]
[tool.fti.stages.inference.image]
context = "../.."
labels = {{ test = "{name}" }}
command = ["python", "-c", "import common, server; print(common.VALUE, server.VALUE)"]
"""
PACKAGE = """\
[project]
name = "{name}"
version = "2.0"
[build-system]
requires = []
build-backend = "in_tree_backend"
backend-path = ["."]
"""
ON_COMMON = """\
[tool.poetry.dependencies]
common = { path = "../../../../libs/common", develop = true }
"""


@dataclass(frozen=True)
class Monorepo:
    """A repository with a project in one of its folders."""

    root: Path
    name: str
    poetry: Poetry

    def build(self) -> dict[str, str]:
        """Build the images, and return what is said of each stage."""
        output = self.poetry.ok(self.root, "fti", "build")
        said = [line.partition(": ") for line in output.splitlines() if ": " in line]
        return {stage: state.split(f" {self.name}")[0].split(" (")[0] for stage, _, state in said}

    def image(self, stage: str) -> str:
        found = docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
        return next(tag for tag in found if tag.startswith(f"{self.name}-{stage}:lock-"))


def add_package(folder: Path, name: str, more: str = "") -> None:
    (folder / name).mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PACKAGE.format(name=name) + more)
    headers = Artifact(name=name, version="2.0").metadata
    (folder / "PKG-INFO").write_text("".join(f"{key}: {value}\n" for key, value in headers))
    backend = Path(in_tree_backend.__file__).read_text(encoding="utf-8")
    (folder / "in_tree_backend.py").write_text(backend, encoding="utf-8")
    (folder / name / "__init__.py").write_text("VALUE = 1\n")
    (folder / ".env").touch()


@pytest.fixture
def monorepo(tmp_path: Path, poetry: Poetry) -> Iterator[Monorepo]:
    name = f"poetry-fti-test-{secrets.token_hex(4)}"
    root = tmp_path / "repository/projects/credit"
    add_package(root / "pipelines/training", "trainer")
    add_package(root / "services/inference", "server", ON_COMMON)
    add_package(root.parent.parent / "libs/common", "common")
    add_package(root.parent.parent / "libs/planted", "planted")
    (root / "pyproject.toml").write_text(PYPROJECT.format(name=name))
    poetry.ok(root, "fti", "lock")
    yield Monorepo(root, name, poetry)
    for image in set(docker("image", "ls", "-aq", "--filter", f"label=test={name}").split()):
        docker("image", "rm", "-f", image)


def test_an_image_has_its_own_path_dependencies(monorepo: Monorepo) -> None:
    assert monorepo.build() == {"training": "built", "inference": "built"}
    inference = monorepo.image("inference")
    assert docker("run", "--rm", inference) == "1 1\n"
    assert docker("run", "--rm", monorepo.image("training")) == "1\n"
    look = ["find", "/", "-xdev", "(", "-name", ".env", "-o", "-name", "trainer*", ")"]
    assert docker("run", "--rm", "--user=0", inference, *look) == ""

    (monorepo.root / "pipelines/training/trainer/__init__.py").write_text("VALUE = 2\n")
    (monorepo.root / "README.md").write_text("new")
    assert monorepo.build() == {"training": "built", "inference": "up to date"}
    (monorepo.root / "../../libs/common/common/__init__.py").write_text("VALUE = 3\n")
    assert monorepo.build() == {"training": "up to date", "inference": "built"}
    assert docker("run", "--rm", inference) == "3 1\n"


def test_the_command_at_the_top_of_the_dockerfile_builds_it(monorepo: Monorepo) -> None:
    monorepo.poetry.ok(monorepo.root, "fti", "export")
    text = (monorepo.root / "fti/inference/Dockerfile").read_text()
    command = text.partition("root: docker ")[2].partition("\n")[0]
    words = ["docker", *shlex.split(command), "--quiet"]
    done = subprocess.run(words, cwd=monorepo.root, capture_output=True, check=True, text=True)
    assert docker("run", "--rm", done.stdout.strip()) == "1 1\n"
