"""A project whose stages conflict, exported for an orchestrator, with an environment for each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import tomlkit

from loopback.clients import copy_project
from loopback.relocate import relocate
from pages import merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness import Poetry

STAGES: Final = ("feature", "training")


def pipeline(poetry: Poetry, folder: Path, code: str) -> Path:
    """Return the root of a new project in a folder, of whose name it is, with locked stages.

    Each stage runs the code, with the name of a file, `<stage>.txt`, in the variable `REPORT`.
    """
    root = copy_project("tiny", folder)
    relocate(root, poetry.environment["LOOPBACK_INDEX_URL"])
    stages = {
        stage: {"image": {"command": ["python", "-c", code]}, "env": {"REPORT": f"{stage}.txt"}}
        for stage in STAGES
    }
    stages["training"] |= {"resources": {"cpu": 2, "memory": "1 GiB", "gpu": 1}}
    stages["feature"] |= {"platforms": ["linux/amd64"]}
    fti = {"pipeline": {"order": [*STAGES]}, "stages": stages}
    _change(root, {"project": {"name": folder.name}, "tool": {"fti": fti}})
    poetry.ok(root, "fti", "lock")
    return root


def export(poetry: Poetry, root: Path, form: str, **keys: str) -> None:
    """Export the stages in a format, with keys of the pipeline's table."""
    _change(root, {"tool": {"fti": {"pipeline": keys}}})
    poetry.ok(root, "fti", "export", "--format", form, "--format", "requirements")


def install(poetry: Poetry, root: Path, environments: Path) -> None:
    """Create the environment of each stage, in the folder of its name."""
    for stage in STAGES:
        environment = environments / stage
        uv(poetry, root, "venv", "--python", sys.executable, environment)
        file = f"fti/{stage}/requirements.txt"
        uv(poetry, root, "pip", "sync", "--python", environment, "--require-hashes", file)


def uv(poetry: Poetry, root: Path, *words: str | Path) -> None:
    """Run uv, which must succeed."""
    program = Path(sys.executable).with_name("uv")
    subprocess.run([program, "--quiet", *words], cwd=root, env=poetry.environment, check=True)


def _change(root: Path, changes: Mapping[str, object]) -> None:
    path = root / "pyproject.toml"
    data = tomlkit.parse(path.read_text(encoding="utf-8")).unwrap()
    merge(data, changes)
    path.write_text(tomlkit.dumps(data), encoding="utf-8")
