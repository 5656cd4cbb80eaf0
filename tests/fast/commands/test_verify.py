"""`poetry fti verify`: environments, and what is printed."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final

import pytest

from installed import install, virtual_environment
from memory_commands import Ended, run
from poetry_fti.commands.poetry import stage_runner
from small_index import pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject
    from poetry_fti.model.stage import Stage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the folders are those of POSIX")

VERIFY: Final = ("verify", "environment", "--stage", "training")
NOTHING: Final = Ended(0, "1 check run: nothing found.\n")


@pytest.fixture
def site(locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packages of the environment of `training`, which are those of its lock."""
    monkeypatch.setenv("POETRY_VIRTUALENVS_IN_PROJECT", "true")
    folder = locked_demo.root / ".venv-training"
    site = virtual_environment(folder)
    (folder / "bin").mkdir()
    (folder / "bin/python").symlink_to(sys.executable)  # Poetry 2.3 starts it
    install(site, "mid", "1.0")
    install(site, "lib", "1.0")
    return site


@pytest.mark.slow
def test_an_environment_as_it_is_locked(locked_demo: MemoryProject, site: Path) -> None:
    install(site, "demo", "7")  # the project itself
    assert run(locked_demo, *VERIFY) == NOTHING
    assert run(locked_demo, *VERIFY, "--deep") == NOTHING
    assert run(locked_demo, *VERIFY, "--python", str(site.parents[2])) == NOTHING


@pytest.mark.slow
def test_what_differs_is_reported(locked_demo: MemoryProject, site: Path) -> None:
    install(site, "extra", "1")
    assert run(locked_demo, *VERIFY).code == 0
    assert run(locked_demo, *VERIFY, "--strict").code == 3
    (site / "lib-1.0.dist-info").rename(site / "lib.dist-info")
    (site / "lib.dist-info/METADATA").write_text("Name: lib\nVersion: 2.0\n", encoding="utf-8")
    (site / "lib.py").unlink()
    assert run(locked_demo, *VERIFY, "--deep") == Ended(
        3,
        """\
training
  warning extra 1 is installed in the environment, but not locked [environment]
    Run `poetry fti install training --sync`.
  error lib 2.0 is installed in the environment, not 1.0 [environment]
    Run `poetry fti install training --sync`.
  error lib 2.0 in the environment lacks files that were installed: lib.py [environment]
    Run `poetry fti env remove training` and `poetry fti install training`.

1 check run: 2 errors, 1 warning.
""",
    )


def test_any_python_is_compared_with_a_stage(locked_demo: MemoryProject, tmp_path: Path) -> None:
    folder = tmp_path / "env"
    install(virtual_environment(folder, "3.11.2"), "app", "1.0")
    words = ("verify", "environment", "--stage", "inference", "--python", str(folder))
    again = "    Create it again with the packages of inference.\n"
    update = "    Install the packages of inference there again, as they are locked.\n"
    assert run(locked_demo, *words) == Ended(
        3,
        f"inference\n  error {folder} has Python 3.11.2, but inference requires >=3.12"
        f" [environment]\n{again}"
        f"  error lib 1.0 is locked, but not installed in {folder} [environment]\n{update}"
        f"  error mid 1.0 is locked, but not installed in {folder} [environment]\n{update}\n"
        "1 check run: 3 errors, 0 warnings.\n",
    )
    data = json.loads(run(locked_demo, *words, "--format", "json").output)
    assert data["checks"] == ["environment"]
    assert data["findings"][1] == {
        "check": "environment",
        "level": "error",
        "stage": "inference",
        "package": "lib",
        "message": f"lib 1.0 is locked, but not installed in {folder}",
        "because": "",
        "fix": "Install the packages of inference there again, as they are locked",
        "path": "tool.fti.stages.inference",
    }


@pytest.mark.parametrize("form", ["sarif", "github", "junit"])
def test_findings_are_printed_for_other_tools(
    locked_demo: MemoryProject, site: Path, form: str
) -> None:
    install(site, "extra", "1")
    output = run(locked_demo, *VERIFY, "--format", form).output
    assert "extra 1 is installed in the environment, but not locked" in output
    assert "poetry fti check" not in output


def test_a_stale_lock_is_compared_with_a_warning(locked_demo: MemoryProject, site: Path) -> None:
    assert site.is_dir()
    locked_demo.write(pyproject({"training": ["mid>=1"]}))
    ended = run(locked_demo, *VERIFY)
    assert (ended.code, ended.output) == (0, NOTHING.output)
    assert ended.errors == (
        "Warning: fti/training/poetry.lock does not match pyproject.toml."
        " Run `poetry fti lock training`.\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< ours\n",
        pytest.param("", marks=pytest.mark.slow),
        pytest.param("[[package]]\nname = 1\n", marks=pytest.mark.slow),
    ],
)
def test_a_lock_that_cannot_be_read_is_an_error(
    locked_demo: MemoryProject, site: Path, text: str
) -> None:
    assert site.is_dir()
    lock = locked_demo.root / "fti/training/poetry.lock"
    lock.write_text(text, encoding="utf-8") if text else lock.unlink()
    ended = run(locked_demo, *VERIFY)
    assert (ended.code, ended.output) == (1, "")
    assert ended.errors.startswith("fti/training/poetry.lock ")


@pytest.mark.slow_after(2)
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("environment", "--stage", "feature"), 1, "feature has no environment."),
        (("environment", "--stage", "x"), 2, "There is no stage"),
        (("environment", "--stage", ""), 2, 'There is no stage ""'),
        (("environment", "--python", ""), 2, "Name the stage"),
        (("environment", "--python", os.devnull), 2, "Name the stage that the Python is compared"),
        (("enviroment",), 2, '"enviroment" cannot be verified. Pass the path of a model'),
    ],
)
def test_errors(
    locked_demo: MemoryProject, words: tuple[str, ...], code: int, message: str
) -> None:
    ended = run(locked_demo, "verify", *words)
    assert (ended.code, ended.output) == (code, "")
    assert message in ended.errors


def test_a_stage_without_an_environment_does_not_hide_the_others(
    locked_demo: MemoryProject,
) -> None:
    ended = run(locked_demo, "verify", "environment")
    assert ended == Ended(
        3,
        """\
feature
  error feature has no environment [environment]
    Create it with `poetry fti install feature`.

inference
  error inference has no environment [environment]
    Create it with `poetry fti install inference`.

training
  error training has no environment [environment]
    Create it with `poetry fti install training`.

1 check run: 3 errors, 0 warnings.
""",
    )


def test_stages_that_are_locked_for_another_platform_are_not_verified(
    locked_demo: MemoryProject, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def problem(stage: Stage) -> str:
        return "" if stage.name == "training" else f"{stage.name} is locked for another."

    assert site.is_dir()
    monkeypatch.setattr(stage_runner, "platform_problem", problem)
    warnings = (
        "Warning: Not verified: feature is locked for another.\n"
        "Warning: Not verified: inference is locked for another.\n"
    )
    assert run(locked_demo, "verify", "environment") == Ended(0, NOTHING.output, warnings)
    named = run(locked_demo, "verify", "environment", "--stage", "feature")
    assert named == Ended(1, "", "feature has no environment. feature is locked for another.\n")
