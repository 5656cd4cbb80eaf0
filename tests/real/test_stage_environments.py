"""Stages side by side, each in an environment of its own."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

from harness import Poetry, Result, snapshot
from installed import install
from pythons import find_python, only_pythons

ALPHA: Final = ("python", "-B", "-c", "import alpha, tiny; print(alpha.__version__)")


def append(project: Path, text: str) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text(encoding="utf-8") + text, encoding="utf-8")


def environment(poetry: Poetry, project: Path, stage: str) -> Path:
    return Path(poetry.ok(project, "fti", "path", stage).strip())


def test_conflicting_stages_are_installed_and_changed_apart(
    poetry: Poetry, locked_tiny: Path
) -> None:
    output = poetry.ok(locked_tiny, "fti", "install", "feature", "training")
    assert "Installing feature\n" in output
    assert "Installing training\n" in output
    assert poetry.ok(locked_tiny, "fti", "run", "feature", *ALPHA) == "1.5\n"
    assert poetry.ok(locked_tiny, "fti", "run", "training", *ALPHA) == "2.0\n"
    poetry.ok(locked_tiny, "fti", "export")
    others = [locked_tiny / "fti/training", environment(poetry, locked_tiny, "training")]
    before = [snapshot(folder) for folder in others]
    poetry.ok(locked_tiny, "fti", "add", "feature", "oldie")
    assert [snapshot(folder) for folder in others] == before
    has_oldie = (
        "python",
        "-c",
        "from importlib.util import find_spec as f; print(bool(f('oldie')))",
    )
    assert poetry.ok(locked_tiny, "fti", "run", "feature", *has_oldie) == "True\n"
    assert poetry.ok(locked_tiny, "fti", "run", "training", *has_oldie) == "False\n"


def test_everything_behind_the_stage_is_the_commands(poetry: Poetry, locked_tiny: Path) -> None:
    append(locked_tiny, '[tool.fti.stages.feature.env]\nMODE = "a b"\n')
    poetry.ok(locked_tiny, "fti", "install", "feature", "--no-root")
    (locked_tiny / "sub").mkdir()
    script = (
        "import os, sys; print(sys.argv[1:], os.environ['MODE'], os.path.basename(os.getcwd()))"
    )
    words = ["-V", "-x", "-q", "--help", "-n", "4", "--no-ansi", "--version", "--", "-vvv"]
    python = ("python", "-c", script)
    run = ("fti", "run", "feature")
    said = f"{words} a b tiny\n"
    assert poetry.ok(locked_tiny, *run, *python, *words) == said
    assert poetry.ok(locked_tiny, *run, "--", *python, *words) == said
    assert (
        poetry.ok(locked_tiny, "-q", "fti", "run", "--no-ansi", "feature", *python, *words) == said
    )
    assert poetry.ok(locked_tiny, *run, "--", *python, "-C", "x") == "['-C', 'x'] a b tiny\n"
    within = poetry.ok(locked_tiny.parent, "-C", "tiny", *run, *python, "-h")
    assert within == "['-h'] a b tiny\n"
    assert poetry.ok(locked_tiny, "-C", "sub", *run, *python) == "[] a b sub\n"


def test_a_folder_for_the_command_is_not_for_poetry(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "fti", "install", "feature", "--no-root")
    (locked_tiny / "sub").mkdir()
    words = ("fti", "run", "feature", "python", "-c", "import os; print(os.getcwd())", "-C", "sub")
    here = type(poetry)({**poetry.environment, "PWD": str(locked_tiny)})
    assert here.ok(locked_tiny, *words) == f"{locked_tiny.resolve()}\n"
    elsewhere = type(poetry)({**poetry.environment, "PWD": "/"})(locked_tiny, *words)
    assert elsewhere.code == 1
    assert elsewhere.errors.strip() == (
        "Poetry read `-C sub` as its own option."
        " Write `--` before the command: poetry fti run STAGE -- COMMAND"
    )


@pytest.mark.newest_only
def test_the_commands_exit_code_is_that_of_run(poetry: Poetry, locked_tiny: Path) -> None:
    # The locks of other stages do not matter.
    (locked_tiny / "fti/training/poetry.lock").unlink()
    (locked_tiny / "fti/inference/poetry.lock").write_text("<<<<<<< ours\n")
    poetry.ok(locked_tiny, "fti", "install", "feature")
    ended = poetry(locked_tiny, "fti", "run", "feature", "python", "-c", "raise SystemExit(7)")
    assert ended.code == 7
    missing = poetry(locked_tiny, "fti", "run", "feature", "nosuch")
    assert (missing.code, missing.errors) == (1, "Command not found: nosuch\n")


def test_help_is_of_run_before_the_stage(poetry: Poetry, locked_tiny: Path) -> None:
    assert "fti run [options] [--] [<stage> [<args>...]]" in poetry.ok(
        locked_tiny, "fti", "run", "--help"
    )


@pytest.mark.newest_only
def test_a_missing_and_a_broken_environment_are_told_and_made_anew(
    poetry: Poetry, locked_tiny: Path
) -> None:
    for command in (("run", "feature", "python"), ("path", "feature"), ("activate", "feature")):
        missing = poetry(locked_tiny, "fti", *command)
        assert missing.code == 1
        assert missing.errors == (
            "feature has no environment. Create it with `poetry fti install feature`.\n"
        )
    poetry.ok(locked_tiny, "fti", "install", "feature")
    env = environment(poetry, locked_tiny, "feature")
    for python in (env / "bin").glob("python*"):
        python.unlink()
    broken = poetry(locked_tiny, "fti", "run", "feature", "python")
    assert broken.errors == (
        f"The environment of feature is broken ({env})."
        " Recreate it with `poetry fti install feature`.\n"
    )
    assert poetry.ok(locked_tiny, "fti", "env", "list", "feature").split()[-2] == "broken"
    poetry.ok(locked_tiny, "fti", "install", "feature")
    assert poetry.ok(locked_tiny, "fti", "run", "feature", *ALPHA) == "1.5\n"
    shutil.rmtree(env)
    poetry.ok(locked_tiny, "fti", "install", "feature")
    assert poetry.ok(locked_tiny, "fti", "run", "feature", *ALPHA) == "1.5\n"


def test_environments_are_listed_told_of_and_removed(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "fti", "install", "feature")
    env = environment(poetry, locked_tiny, "feature")
    version = platform.python_version()
    assert poetry.ok(locked_tiny, "fti", "env", "list", "--full-path").splitlines() == [
        f"{'Stage':9}  {'Python':{len(version)}}  State    Environment",
        f"{'feature':9}  {version}  ready    {env}",
        f"{'training':9}  {'-':{len(version)}}  missing  -",
        f"{'inference':9}  {'-':{len(version)}}  missing  -",
    ]
    assert poetry.ok(locked_tiny, "fti", "env", "info", "feature", "--path") == f"{env}\n"
    assert f"Path:           {env}\n" in poetry.ok(locked_tiny, "fti", "env", "info", "feature")
    assert poetry.ok(locked_tiny, "fti", "env", "remove", "feature", "training").splitlines() == [
        f"Deleted virtualenv: {env}",
        "training has no environment.",
    ]
    assert not env.exists()


def test_an_active_environment_is_never_the_stages(
    poetry: Poetry, locked_tiny: Path, tmp_path: Path
) -> None:
    active = type(poetry)({**poetry.environment, "VIRTUAL_ENV": str(tmp_path / "mine")})
    active.ok(locked_tiny, "fti", "install", "feature")
    assert active.ok(locked_tiny, "fti", "path", "feature") == poetry.ok(
        locked_tiny, "fti", "path", "feature"
    )
    assert not (tmp_path / "mine").exists()


def test_environments_can_be_in_the_project(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "config", "--local", "virtualenvs.in-project", "true")
    poetry.ok(locked_tiny, "fti", "install", "feature", "inference")
    assert environment(poetry, locked_tiny, "feature") == locked_tiny / ".venv-feature"
    assert environment(poetry, locked_tiny, "inference") == locked_tiny / ".venv-inference"
    activate = poetry.ok(locked_tiny, "fti", "activate", "feature").strip()
    assert activate.endswith(f" {locked_tiny}/.venv-feature/bin/activate")
    assert not (locked_tiny / ".venv").exists()
    pyproject = locked_tiny / "pyproject.toml"
    without = pyproject.read_text(encoding="utf-8").replace("[tool.fti.stages.feature]\n", "")
    pyproject.write_text(without, encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "env", "remove", "feature")
    assert not (locked_tiny / ".venv-feature").exists()


def test_stages_cannot_share_the_environment_of_poetry(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "config", "--local", "virtualenvs.create", "false")
    refused = poetry(locked_tiny, "fti", "install", "feature", "training")
    assert refused.code == 1
    assert refused.errors == (
        "Poetry's setting virtualenvs.create is false, so that all stages would be installed into"
        " one environment. Install one of them, or run"
        " `poetry config --local virtualenvs.create true`.\n"
    )


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="the tests run with Python 3.12")
def test_the_stages_python_picks_the_interpreter(
    poetry: Poetry, locked_tiny: Path, tmp_path: Path
) -> None:
    newer = find_python("python3.12")
    if newer is None:
        pytest.skip("needs Python 3.12")
    poetry = Poetry(only_pythons(poetry.environment, tmp_path / "bin", newer))
    poetry.ok(locked_tiny, "config", "--local", "virtualenvs.in-project", "true")
    poetry.ok(locked_tiny, "fti", "install", "feature")
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    other = text.replace(
        "[tool.fti.stages.feature]", '[tool.fti.stages.feature]\npython = "==3.12.*"'
    )
    pyproject.write_text(other, encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "lock", "feature")
    stale = poetry(locked_tiny, "fti", "run", "feature", "python")
    assert stale.errors == (
        f"The environment of feature has another Python ({locked_tiny}/.venv-feature)."
        " Recreate it with `poetry fti install feature`.\n"
    )
    poetry.ok(locked_tiny, "fti", "install", "feature")
    version = ("python", "-c", "import sys, alpha; print(sys.version_info[:2])")
    assert poetry.ok(locked_tiny, "fti", "run", "feature", *version) == "(3, 12)\n"
    chosen = poetry(locked_tiny, "fti", "env", "use", "3.12", "training")
    assert chosen.output == f"Using virtualenv: {locked_tiny}/.venv-training\n"
    assert chosen.errors.endswith(
        "Warning: The environment of training has not been installed completely."
        " Run `poetry fti install training`.\n"
    )
    assert "\nversion_info = 3.12." in (locked_tiny / ".venv-training/pyvenv.cfg").read_text()


def test_no_python_fits(poetry: Poetry, locked_tiny: Path, tmp_path: Path) -> None:
    poetry = Poetry(only_pythons(poetry.environment, tmp_path / "bin"))
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace(
        "[tool.fti.stages.feature]", '[tool.fti.stages.feature]\npython = "==3.40.*"'
    )
    pyproject.write_text(text, encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "lock", "feature")
    failed = poetry(locked_tiny, "fti", "install", "feature")
    assert failed.code == 1
    assert "Poetry was unable to find a compatible version." in failed.errors


@pytest.mark.newest_only
def test_another_platform_is_refused(poetry: Poetry, locked_tiny: Path) -> None:
    other = "windows/arm64"
    pyproject = locked_tiny / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace(
        "[tool.fti.stages.feature]", f'[tool.fti.stages.feature]\nplatforms = ["{other}"]'
    )
    pyproject.write_text(text, encoding="utf-8")
    poetry.ok(locked_tiny, "fti", "lock", "feature")
    refused = poetry(locked_tiny, "fti", "install", "feature")
    assert refused.code == 1
    assert refused.errors == (
        f"feature is locked for {other}, but this machine is {sys.platform}/{platform.machine()}."
        " Add its platform to tool.fti.stages.feature.platforms, then run"
        " `poetry fti lock feature`.\n"
    )


@pytest.mark.newest_only
def test_only_a_fresh_lock_is_installed(poetry: Poetry, locked_tiny: Path) -> None:
    (locked_tiny / "fti/feature/poetry.lock").unlink()
    missing = poetry(locked_tiny, "fti", "install", "training", "feature")
    assert (missing.code, missing.output) == (1, "")
    assert missing.errors == (
        "fti/feature/poetry.lock is missing. Run `poetry fti lock feature`.\n"
    )
    unknown = poetry(locked_tiny, "fti", "install", "trainig")
    assert unknown.code == 2
    assert unknown.errors == (
        'There is no stage "trainig"; did you mean "training"?'
        " (stages: feature, training, inference)\n"
    )


def test_sync_removes_what_the_lock_does_not_hold(poetry: Poetry, locked_tiny: Path) -> None:
    poetry.ok(locked_tiny, "fti", "install", "feature")
    env = environment(poetry, locked_tiny, "feature")
    (library,) = env.glob("lib/python*/site-packages")
    install(library, "torchish", "2.1")
    assert "Removing torchish" not in poetry.ok(locked_tiny, "fti", "install", "feature")
    synced = poetry(locked_tiny, "fti", "install", "feature", "--sync")
    assert "- Removing torchish (2.1)" in synced.output
    assert "deprecated" not in synced.errors
    assert not (library / "torchish.py").exists()


@pytest.mark.newest_only
def test_an_environment_behind_its_lock_is_reported_and_updated(
    poetry: Poetry, locked_tiny: Path
) -> None:
    alpha = ("python", "-B", "-c", "import alpha; print(alpha.__version__)")
    poetry.ok(locked_tiny, "fti", "install", "feature", "--no-root")
    assert poetry(locked_tiny, "fti", "run", "feature", *alpha) == Result(0, "1.5\n", "")
    lock = locked_tiny / "fti/feature/poetry.lock"
    whole = lock.read_text(encoding="utf-8")
    unknown = whole.replace('name = "alpha"\nversion = "1.5"', 'name = "alpha"\nversion = "1.6"')
    lock.write_text(unknown, encoding="utf-8")
    assert poetry(locked_tiny, "fti", "run", "feature", *alpha) == Result(
        0,
        "1.5\n",
        "Warning: The environment of feature is behind fti/feature/poetry.lock."
        " Update it with `poetry fti install feature`.\n",
    )
    failed = poetry(locked_tiny, "fti", "run", "--sync", "feature", *alpha)
    assert (failed.code, failed.output) == (1, "")
    assert failed.errors.endswith("\nfeature could not be installed. The command was not run.\n")
    lock.write_text(whole, encoding="utf-8")
    incomplete = (
        "Warning: The environment of feature has not been installed completely."
        " Run `poetry fti install feature`.\n"
    )
    assert poetry(locked_tiny, "fti", "activate", "feature").errors == incomplete
    synced = poetry(locked_tiny, "-n", "fti", "run", "--sync", "feature", *alpha)
    assert (synced.code, synced.output) == (0, "1.5\n")
    assert synced.errors.startswith("Installing dependencies from lock file\n")
    assert "current project" not in synced.errors
    append(locked_tiny, "[tool.fti]\nsync-on-run = true\n")
    assert poetry(locked_tiny, "fti", "run", "feature", *alpha) == Result(0, "1.5\n", "")
