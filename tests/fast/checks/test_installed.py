"""Check `installed`: environments that are behind the locks."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cleo.io.null_io import NullIO

import checked
from memory_commands import run
from poetry_fti.bridge.environments import StageEnvironments
from poetry_fti.checks import load_check
from poetry_fti.checks.shared.facts import StageEnvironment
from poetry_fti.operations.environments.installation import (
    Installation,
    packages_digest,
    write_installation,
)

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject
    from poetry_fti.checks.shared.facts import EnvironmentState


def findings(*states: EnvironmentState, problem: str = "") -> list[str]:
    """Return the findings on a stage that has an environment in each of these states."""
    found = [
        StageEnvironment(stage="training", name=f"demo-py3.1{n}", python="3.12.1", state=state)
        for n, state in enumerate(states)
    ]
    stage = checked.stage("training", {}, problem=problem)
    project = replace(checked.project(stage), environments=lambda: found)
    return [
        f"{each.stage}: {each.level}: {each.message}. {each.fix}"
        for each in load_check("installed").find(project)
    ]


def test_what_is_installed_from_the_lock_or_not_at_all_is_no_finding() -> None:
    assert findings() == []
    assert findings("ready") == []
    assert findings("behind", "broken", "ready") == []
    assert findings("other Python") == []
    assert findings("behind", problem="It is stale.") == []


def test_every_state_has_its_finding() -> None:
    assert findings("behind") == [
        (
            "training: warning: the environment demo-py3.10 has been installed from another lock."
            " Run `poetry fti install training`"
        )
    ]
    assert findings("other Python", "incomplete") == [
        (
            "training: warning: the environment demo-py3.11 has not been installed completely."
            " Run `poetry fti install training`"
        )
    ]
    assert findings("broken") == [
        (
            "training: warning: the environment demo-py3.10 is broken."
            " Run `poetry fti install training`"
        )
    ]


def environment(folder: Path, lock: str) -> None:
    """Write an environment whose Python cannot be started, with the digest of its lock."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.parent.mkdir(parents=True)
    python.write_text("no program", encoding="utf-8")
    (folder / "pyvenv.cfg").write_text(f"home = {sys.prefix}\nversion_info = 3.12.1\n")
    write_installation(folder, Installation(lock=lock, groups=("main",)))


@pytest.mark.slow
@pytest.mark.parametrize("in_project", [True, False])
def test_environments_are_read_and_not_started(
    locked_demo: MemoryProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_project: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setenv("POETRY_VIRTUALENVS_IN_PROJECT", str(in_project).lower())
    monkeypatch.setenv("POETRY_VIRTUALENVS_PATH", str(tmp_path / "envs"))
    assert run(locked_demo, "check", "--only", "installed").code == 0
    assert not (tmp_path / "envs").exists()
    lock = (locked_demo.root / "fti/training/poetry.lock").read_text(encoding="utf-8")
    folder = locked_demo.root if in_project else tmp_path / "envs"
    digests = {"training": packages_digest(lock), "inference": "sha256:0"}
    names = {
        stage: f".venv-{stage}" if in_project else f"{base_name(locked_demo, stage)}-py3.12"
        for stage in digests
    }
    for stage, digest in digests.items():
        environment(folder / names[stage], digest)
    assert run(locked_demo, "check", "--only", "installed").output == (
        f"""\
inference
  warning the environment {names["inference"]} has been installed from another lock [installed]
    Run `poetry fti install inference`.

1 check run: 0 errors, 1 warning.
"""
    )
    monkeypatch.setenv("POETRY_VIRTUALENVS_CREATE", "false")
    assert (
        run(locked_demo, "check", "--only", "installed").output == "1 check run: nothing found.\n"
    )


def base_name(demo: MemoryProject, stage: str) -> str:
    """Return the start of the names of a stage's environments."""
    project = demo.load()
    folder = demo.root / "fti" / stage
    poetry = project.poetry.poetry
    return StageEnvironments(poetry, stage, folder, "", NullIO()).base_env_name
