"""What commands run of a stranger's project."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from harness import snapshot
from loopback import in_tree_backend

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Poetry

WITNESS: Final = "import os, pathlib; pathlib.Path(os.environ['WITNESS']).touch()\n"
BUILD: Final = (
    '[build-system]\nrequires = []\nbuild-backend = "in_tree_backend"\nbackend-path = ["."]\n'
)
SHOWING: Final = (
    "list",
    "lock --check",
    "show feature",
    "show feature --tree",
    "env list",
    "path feature",
    "export",
    "export --check",
    "image",
    "image --explain",
)


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """A file that the code of a stranger's project makes."""
    return tmp_path / "witness"


@pytest.fixture
def stranger(poetry: Poetry, witness: Path) -> Poetry:
    """Poetry as it is used in the project of a stranger."""
    return replace(poetry, environment={**poetry.environment, "WITNESS": str(witness)})


def evil_tree(folder: Path) -> None:
    """Write a source tree whose build leaves a trace."""
    folder.mkdir()
    backend = in_tree_backend.__file__
    shutil.copy(backend, folder)
    path = folder / "in_tree_backend.py"
    text = path.read_text(encoding="utf-8").replace(
        "import base64\n", f"import base64\n{WITNESS}", 1
    )
    path.write_text(text, encoding="utf-8")
    (folder / "setup.py").write_text(WITNESS)
    (folder / "pyproject.toml").write_text(BUILD)
    (folder / "PKG-INFO").write_text("Metadata-Version: 1.2\nName: tree\nVersion: 1.0\n")
    (folder / "tree").mkdir()
    (folder / "tree/__init__.py").write_text(WITNESS)


def evil_environment(folder: Path) -> None:
    """Write an environment whose Python leaves a trace."""
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin/python"
    python.write_text('#!/bin/sh\ntouch "$WITNESS"\n')
    python.chmod(0o755)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\nversion_info = 3.12.1.final.0\n")


@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_commands_that_show_a_strangers_project_run_nothing_of_it(
    stranger: Poetry, locked_tiny: Path, witness: Path
) -> None:
    evil_tree(locked_tiny / "tree")
    evil_environment(locked_tiny / ".venv-feature")
    before = snapshot(locked_tiny)
    for words in SHOWING:
        stranger(locked_tiny, "fti", *words.split())
        assert not witness.exists(), words
    listed = stranger.ok(locked_tiny, "fti", "env", "list", "feature")
    assert "3.12.1  incomplete" in listed
    changed = {
        name for name, content in snapshot(locked_tiny).items() if before.get(name) != content
    }
    assert all(name.startswith("fti/") for name in changed)
    stranger(locked_tiny, "fti", "env", "info", "feature")
    assert witness.exists()


@pytest.mark.every_minor
def test_the_build_of_a_dependency_is_refused_or_run(
    stranger: Poetry, tmp_path: Path, witness: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    evil_tree(project / "tree")
    (project / "pyproject.toml").write_text(
        '[project]\nname = "a"\nrequires-python = ">=3.10"\n[tool.poetry]\npackage-mode = false\n'
        "[dependency-groups]\ntraining = []\n"
        '[tool.poetry.group.training.dependencies]\ntree = { path = "tree" }\n'
    )
    refused = stranger(project, "fti", "lock", "--no-build")
    assert refused.code == 1
    assert refused.errors.startswith(
        f"training: tree ({project / 'tree'}) has no static metadata: "
    )
    assert not witness.exists()
    stranger.ok(project, "fti", "lock")
    assert witness.exists()
