"""Poetry's own commands in a project with the plugin: as if it were not there."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import snapshot
from pythons import activated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Poetry

COMMANDS = (
    ("check",),
    ("lock",),
    ("show",),
    ("check", "--lock"),
    ("add", "--lock", "annotated-types"),
    ("remove", "--lock", "annotated-types"),
    ("add", "--group", "training", "--lock", "click"),
    ("lock", "--regenerate"),
    ("run", "no-command-of-this-name"),
)
LARGE = ("pandas", "scikit-learn", "fastapi", "pyarrow", "lightgbm", "uvicorn")


def small(root: Path) -> Path:
    """Remove requirements that are of the same form as others, and take Poetry long to solve."""
    pyproject = root / "pyproject.toml"
    lines = pyproject.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(LARGE)]
    assert len(lines) - len(kept) == len(LARGE) + 1
    pyproject.write_text("".join(kept), encoding="utf-8")
    return root


@pytest.mark.every_minor
def test_commands_say_and_write_the_same_with_and_without_the_plugin(
    project: Callable[[str], Path], poetry: Poetry, tmp_path: Path
) -> None:
    plain = small(project("migrant")).rename(tmp_path / "plain")
    plugged = small(project("migrant"))
    # The name of an environment of Poetry's own, which it prints, depends on the project's folder.
    poetry = replace(poetry, environment=activated(poetry.environment, tmp_path / "venv"))
    for command in COMMANDS:
        expected = poetry(plain, *command, "--no-plugins")
        assert poetry(plugged, *command) == expected, command
        assert snapshot(plugged) == snapshot(plain), command


@pytest.mark.every_minor
def test_poetry_imports_nothing_of_ours_for_its_own_commands(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    probe = (
        "import atexit, sys; from poetry.console.application import main;"
        "sys.argv = ['poetry', 'check'];"
        "ours = lambda: sorted(name for name in sys.modules if name.startswith('poetry_fti'));"
        "atexit.register(lambda: print(ours())); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=project("migrant"),
        env=dict(poetry.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "['poetry_fti', 'poetry_fti.plugin']"


def test_an_environment_holds_what_is_no_stage_if_stages_are_isolated(
    project: Callable[[str], Path], poetry: Poetry
) -> None:
    root = project("tiny")
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    text = text.replace("[dependency-groups]", '[dependency-groups]\ndev = ["webby"]')
    text = text.replace("[tool.poetry]", "[tool.fti]\nisolated = true\n\n[tool.poetry]")
    (root / "pyproject.toml").write_text(text, encoding="utf-8")
    installed = "from importlib.metadata import distributions as all;"
    installed += "print(*sorted(each.name for each in all() if each.name != 'pip'))"
    poetry.ok(root, "install")
    before = poetry.ok(root, "run", "python", "-c", installed).split()
    assert before == ["Dotted.Name_Pkg", "tiny", "typing-backfill", "webby"]
    poetry.ok(root, "add", "--group", "dev", "boosting")
    poetry.ok(root, "remove", "--group", "dev", "webby")
    after = poetry.ok(root, "run", "python", "-c", installed).split()
    assert "boosting" in after
    assert not {"webby", "torchish", "sparkish"}.intersection(after)
