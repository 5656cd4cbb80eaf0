"""devcontainer.json, read by the CLI of Dev Containers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from consumer import Consumer

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

STAGES: Final = ("feature", "inference", "training")
ONE_PLATFORM: Final = '[tool.fti.stages.feature]\nplatforms = ["linux/amd64"]'
IMAGES: Final = """\

[tool.fti.stages.feature.image]
dockerfile = "base.Dockerfile"

[tool.fti.stages.training.image]
workdir = "/srv/credit@2"
user = "1000"
expose = [8000, "9000/udp"]
"""


@pytest.fixture(scope="module")
def cli() -> Consumer:
    return Consumer.from_npm("devcontainer")


def test_the_cli_reads_what_is_exported(poetry: Poetry, locked_tiny: Path, cli: Consumer) -> None:
    path = locked_tiny / "pyproject.toml"
    text = path.read_text(encoding="utf-8").replace("[tool.fti.stages.feature]", ONE_PLATFORM)
    path.write_text(text + IMAGES, encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "lock", "feature")
    (locked_tiny / "base.Dockerfile").write_text("FROM python:3.12-slim\n", encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "export", "--format", "devcontainer")
    paths = sorted((locked_tiny / ".devcontainer").glob("*/devcontainer.json"))
    assert [path.parent.name for path in paths] == list(STAGES)
    for path in paths:
        written = json.loads(path.read_text(encoding="utf-8").partition("\n")[2])
        found = read(cli, locked_tiny, path)
        configuration = found["configuration"]
        assert found["workspace"] == {
            "workspaceFolder": written["workspaceFolder"],
            "workspaceMount": local(written["workspaceMount"], locked_tiny),
        }
        assert {key: configuration[key] for key in written} == {
            **written,
            "workspaceMount": local(written["workspaceMount"], locked_tiny),
        }


def local(text: str, folder: Path) -> str:
    """Return a text of devcontainer.json with the variable that has the project's folder."""
    return text.replace("${localWorkspaceFolder}", str(folder))


def read(cli: Consumer, folder: Path, path: Path) -> dict[str, Any]:
    """Return the configuration as the CLI reads it, which needs no container engine for that."""
    words = ("devcontainer", "read-configuration", "--docker-path", "true")
    options = ("--workspace-folder", folder, "--config", path)
    found: dict[str, Any] = json.loads(cli.run(*words, *options))
    return found
