"""The environments of stages: what they record, and what commands report of it."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from memory_commands import Ended, run
from poetry_fti.commands.poetry import install, stage_runner
from poetry_fti.commands.poetry.environment import use
from poetry_fti.commands.poetry.passthrough import separate
from poetry_fti.operations.environments.installation import (
    Installation,
    installation_problem,
    packages_digest,
    read_installation,
    write_installation,
)

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject
    from poetry_fti.commands.poetry.stage_runner import StageRunner
    from poetry_fti.model.stage import Stage

LOCK = "# by Poetry 1\n[[package]]\nname = 'a'\n\n[metadata]\ncontent-hash = '1'\n"
RECORD = Installation(lock="sha256:0", groups=("main", "training"), omitted=("dev",), root=False)


@pytest.fixture(autouse=True)
def _in_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POETRY_VIRTUALENVS_IN_PROJECT", "true")


def environment(demo: MemoryProject, stage: str) -> Path:
    """Write what is read of an environment in the project's folder."""
    folder = demo.root / f".venv-{stage}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)  # Poetry 2.3 starts it
    (folder / "pyvenv.cfg").write_text("home = /usr\nversion_info = 3.12.1\n", encoding="utf-8")
    return folder


def record(demo: MemoryProject, stage: str, *, complete: bool = True) -> Path:
    """Record that a stage's environment has been installed from its current lock."""
    folder = environment(demo, stage)
    text = (demo.root / "fti" / stage / "poetry.lock").read_text(encoding="utf-8")
    digest = packages_digest(text) if complete else ""
    write_installation(folder, Installation(lock=digest, groups=("main", stage)))
    return folder


def test_the_digest_is_that_of_the_packages() -> None:
    same = LOCK.replace("Poetry 1", "Poetry 2").replace("'1'", "'2'").replace("\n", "\r\n")
    assert packages_digest(LOCK) == packages_digest(same)
    assert packages_digest(LOCK) != packages_digest(LOCK.replace("'a'", "'b'"))


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_installation(tmp_path) is None
    write_installation(tmp_path, RECORD)
    assert read_installation(tmp_path) == RECORD


@pytest.mark.parametrize("text", ["", "[]", "{", '{"lock": ""}', "[" * 99_999, '"\\ud800"', "\xff"])
def test_an_invalid_record_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "poetry-fti.json").write_text(text, encoding="latin-1")
    assert read_installation(tmp_path) is None


def test_what_is_out_of_date_is_reported_in_one_line(locked_demo: MemoryProject) -> None:
    (stage,) = locked_demo.load().select(["training"])
    folder = record(locked_demo, "training")
    assert installation_problem(stage, folder) == ""
    write_installation(folder, RECORD)
    assert installation_problem(stage, folder) == (
        "The environment of training is behind fti/training/poetry.lock."
        " Update it with `poetry fti install training`."
    )
    (folder / "poetry-fti.json").unlink()
    assert installation_problem(stage, folder) == (
        "The environment of training has not been installed completely."
        " Run `poetry fti install training`."
    )
    stage.path.unlink()
    stage.reread()
    assert installation_problem(stage, folder) == (
        "fti/training/poetry.lock is missing. Run `poetry fti lock training`."
    )


def test_the_states_of_environments_are_listed(locked_demo: MemoryProject) -> None:
    record(locked_demo, "feature")
    write_installation(record(locked_demo, "training"), RECORD)
    record(locked_demo, "inference", complete=False)
    assert run(locked_demo, "env", "list") == Ended(
        0,
        """\
Stage      Python  State       Environment
feature    3.12.1  ready       .venv-feature
training   3.12.1  behind      .venv-training
inference  3.12.1  incomplete  .venv-inference

Update with poetry fti install training inference.
""",
    )
    listed = json.loads(run(locked_demo, "env", "list", "--format", "json").output)
    states = [each["state"] for each in listed["environments"]]
    assert states == ["ready", "behind", "incomplete"]


def test_the_environment_of_a_former_stage_is_removed(locked_demo: MemoryProject) -> None:
    foreign = environment(locked_demo, "tools")
    former = environment(locked_demo, "old")
    write_installation(former, RECORD)
    unknown = run(locked_demo, "env", "remove", "old", "tools")
    assert (unknown.code, unknown.errors) == (
        2,
        'There is no stage "tools" (stages: feature, training, inference)\n',
    )
    assert run(locked_demo, "env", "remove", "old") == Ended(0, f"Deleted virtualenv: {former}\n")
    assert (former.exists(), foreign.exists()) == (False, True)


def test_a_python_that_a_stage_does_not_allow_is_not_used(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use, "python_version", lambda _: "3.11.9")
    assert run(locked_demo, "env", "use", "3.11") == Ended(
        1, "", "inference requires Python >=3.12, which excludes 3.11.9.\n"
    )
    assert not (locked_demo.root / ".venv-feature").exists()


@pytest.mark.slow
def test_environments_that_stages_share_are_not_changed(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POETRY_VIRTUALENVS_CREATE", "false")
    message = (
        "Poetry's setting virtualenvs.create is false: no stage has an environment of its own.\n"
    )
    assert run(locked_demo, "env", "use", "3.12", "feature") == Ended(1, "", message)
    assert run(locked_demo, "env", "remove", "feature") == Ended(1, "", message)


def test_all_stages_that_are_locked_for_this_machine_are_installed(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def problem(stage: Stage) -> str:
        return "training is locked for another." if stage.name == "training" else ""

    installed: list[str] = []

    def record_name(runner: StageRunner) -> int:
        installed.append(runner.stage.name)
        return 0

    for module in (install, stage_runner):
        monkeypatch.setattr(module, "platform_problem", problem)
    monkeypatch.setattr(install, "install", record_name)
    assert run(locked_demo, "install") == Ended(
        0,
        "Installing feature\nInstalling inference\n",
        "Warning: Not installed: training is locked for another.\n",
    )
    named = run(locked_demo, "install", "feature", "training")
    assert named == Ended(1, "", "training is locked for another.\n")
    assert installed == ["feature", "inference"]


def test_the_option_sync_is_not_deprecated(locked_demo: MemoryProject) -> None:
    shown = run(locked_demo, "install", "--help").output
    assert "eprecated" not in shown
    assert "--sync                 Remove packages that the lock does not contain.\n" in shown


def test_all_stages_are_shown(locked_demo: MemoryProject) -> None:
    (locked_demo.root / "fti/training/poetry.lock").unlink()
    shown = run(locked_demo, "show", "--top-level")
    assert shown.code == 1
    words = [line.split()[0] if line else "" for line in shown.output.splitlines()]
    assert words == ["feature", "app", "", "training", "", "inference", "app", "mid"]
    assert shown.errors == "fti/training/poetry.lock is missing. Run `poetry fti lock training`.\n"


@pytest.mark.parametrize("words", [("show",), ("show", "training")])
def test_packages_in_an_unknown_format(locked_demo: MemoryProject, words: tuple[str, ...]) -> None:
    message = 'Unknown report format "yaml" (known: text, json).\n'
    assert run(locked_demo, *words, "--format", "yaml") == Ended(2, "", message)


def test_packages_of_all_stages_are_no_json_document(locked_demo: MemoryProject) -> None:
    shown = run(locked_demo, "show", "--format", "json")
    assert shown == Ended(1, "", "--format json shows one stage: name it.\n")


@pytest.mark.parametrize(
    ("words", "separated"),
    [
        ("fti run feature x --sync", "fti run -- feature x --sync"),
        ("fti run --sync feature x -q", "fti run --sync -- feature x -q"),
        ("-q fti --sync run -C a feature x", "-q --directory=a fti run --sync -- feature x"),
        ("fti run --since main pytest -q", "fti run --since=main -- pytest -q"),
        ("fti run --since=main x --since y", "fti run --since=main -- x --since y"),
        ("fti run --sync -- feature x", None),
        ("fti show --sync", None),
    ],
)
def test_options_of_run_are_kept_from_those_of_poetry(words: str, separated: str | None) -> None:
    found = separate(words.split())
    assert found == (None if separated is None else separated.split())
