"""The images of the presets for servers, built with real packages: each answers a request.

The packages come from the index that pip is configured for.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pytest
from benchmarks.images.front import configured_index

from containers import docker, on_host_network, require_engine
from poetry_fti.scaffold.preset_library import find
from served import SERVED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.docker

PYPROJECT: Final = """\
[project]
name = "{name}"
version = "1"
requires-python = ">=3.12,<3.13"

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "configured"
url = "{index}"

[tool.fti.image]
labels = {{ test = "{name}" }}
"""
TAG: Final = "test"
# As `fti export --format kubernetes` runs an image.
HARDENED: Final = (
    "--read-only",
    *("--tmpfs", "/tmp"),  # noqa: S108
    *("--env", "HOME=/tmp"),
    *("--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges"),
)


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a project that has a stage for each server, made from its preset."""

    root: Path
    name: str
    poetry: Poetry

    def build(self) -> None:
        """Write the project, and build all images."""
        text = PYPROJECT.format(name=self.name, index=configured_index())
        path = self.root / "pyproject.toml"
        path.write_text(text, encoding="utf-8")
        stages = [f"--stage={server}=inference-{server}" for server in SERVED]
        self.poetry.ok(self.root, "fti", "init", "--no-interaction", *stages)
        text = path.read_text(encoding="utf-8")
        for server, served in SERVED.items():
            (self.root / f"{server}.txt").write_text(served.code, encoding="utf-8")
            table = f"[tool.fti.stages.{server}.image]\n"
            assert table in text
            text = text.replace(table, f'{table}copy = {{ "{server}.txt" = "serve.py" }}\n')
        path.write_text(text, encoding="utf-8")
        self.poetry.ok(self.root, "fti", "lock", "--no-align")
        self.poetry.ok(self.root, "fti", "build")

    @contextmanager
    def running(self, server: str) -> Iterator[str]:
        """Run the image of a server, and yield its URL."""
        port = find(f"inference-{server}").stage["image"]["expose"][0]
        publish = f"--publish=127.0.0.1::{port}"
        words = ("run", "--detach", *HARDENED, publish, f"{self.name}-{server}:{TAG}")
        container = docker(*words).strip()
        try:
            yield f"http://{docker('port', container, str(port)).strip()}"
        finally:
            print(docker("logs", container))  # noqa: T201 -- for a test that fails
            docker("rm", "--force", container)


@pytest.fixture(scope="module")
def images(poetry: Poetry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    require_engine()
    programs = on_host_network(tmp_path_factory.mktemp("network"), *SERVED)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    variables = {**poetry.environment, "PATH": path, "TAG": TAG}
    name = f"poetry-fti-test-{secrets.token_hex(4)}"
    root = tmp_path_factory.mktemp("project")
    images = Images(root, name, replace(poetry, environment=variables))
    try:
        images.build()
        yield images
    finally:
        for image in set(docker("image", "ls", "-aq", "--filter", f"label=test={name}").split()):
            docker("image", "rm", "--force", image)


@pytest.mark.parametrize("server", SERVED)
def test_the_image_of_a_preset_answers(images: Images, server: str) -> None:
    with images.running(server) as url:
        SERVED[server].check(url)
