"""Dev containers, read by the CLI of Dev Containers."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

pytestmark = pytest.mark.newest_only


def test_the_cli_reads_what_is_exported(poetry: Poetry, locked_tiny: Path) -> None:
    if shutil.which("devcontainer") is None:
        pytest.skip("the CLI is not installed: npm install --global @devcontainers/cli")
    poetry.ok(locked_tiny, "fti", "export", "training", "--format", "devcontainer")
    path = locked_tiny / ".devcontainer" / "training" / "devcontainer.json"
    found = read(locked_tiny, path)
    written = json.loads(path.read_text(encoding="utf-8").partition("\n")[2])
    assert found["workspace"] == {
        "workspaceFolder": "/app",
        "workspaceMount": f"source={locked_tiny},target=/app,type=bind",
    }
    for key in ("name", "build", "remoteUser", "customizations"):
        assert found["configuration"][key] == written[key]


def read(folder: Path, path: Path) -> dict[str, Any]:
    words = ["devcontainer", "read-configuration", "--docker-path", "true"]
    done = subprocess.run(
        [*words, "--workspace-folder", folder, "--config", path],
        capture_output=True,
        check=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
