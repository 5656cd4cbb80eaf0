"""A command that runs in each stage that is affected since a git revision."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from git_program import commit_all, git
from harness import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import Poetry

pytestmark = pytest.mark.newest_only

SHOWN: Final = ("python", "-c", "import os; print(os.environ['FTI_STAGE'], os.environ['MODE'])")


@dataclass(frozen=True)
class Checkout:
    """A repository in which training and inference differ from its first commit."""

    root: Path
    poetry: Poetry
    first: str

    def run(self, *words: str) -> Result:
        """Run a command in the affected stages."""
        return self.poetry(self.root, "fti", "run", "--since", self.first, *words)


def check_out(poetry: Poetry, root: Path) -> Checkout:
    git(root, "init", "--quiet")
    (root / ".gitignore").write_text(".venv*\n", encoding="utf-8")
    first = commit_all(root)
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    for name in ("training", "inference"):
        text += f'\n[tool.fti.stages.{name}.env]\nMODE = "{name[:5]}"\n'
    pyproject.write_text(text, encoding="utf-8")
    return Checkout(root, poetry, first)


@pytest.fixture
def checkout(poetry: Poetry, locked_tiny: Path) -> Checkout:
    return check_out(poetry, locked_tiny)


@pytest.fixture(scope="module")
def _installed_once(
    poetry: Poetry, locked_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Checkout:
    root = Path(shutil.copytree(locked_once, tmp_path_factory.mktemp("installed") / "tiny"))
    checkout = check_out(poetry, root)
    poetry.ok(root, "fti", "install", "--since", checkout.first, "--no-root")
    commit_all(root)
    return checkout


@pytest.fixture
def installed(_installed_once: Checkout) -> Iterator[Checkout]:
    """A checkout with the environments of the affected stages, which all tests share."""
    yield _installed_once
    git(_installed_once.root, "reset", "--quiet", "--hard")
    git(_installed_once.root, "clean", "--quiet", "--force", "-d")


def test_a_command_runs_in_the_affected_stages(installed: Checkout) -> None:
    assert installed.run(*SHOWN) == Result(
        0,
        "training train\ninference infer\n",
        "Running in training\nRunning in inference\n"
        "The command succeeded in training and inference.\n",
    )
    words = ["-V", "-q", "--help", "--since", "x", "--", "-vvv"]
    script = ("python", "-c", "import sys; print(sys.argv[1:])")
    assert installed.run(*script, *words).output == f"{words}\n" * 2


def test_a_failure_does_not_keep_others_from_running(installed: Checkout) -> None:
    script = "import os; raise SystemExit({'training': 7}.get(os.environ['FTI_STAGE']))"
    assert installed.run("python", "-c", script) == Result(
        7,
        "",
        "Running in training\nRunning in inference\n"
        "The command failed in training (exit code 7), and succeeded in inference.\n",
    )
    script = "import os; raise SystemExit(len(os.environ['FTI_STAGE']))"
    assert installed.run("python", "-c", script) == Result(
        8,
        "",
        "Running in training\nRunning in inference\n"
        "The command failed in training (exit code 8) and inference (exit code 9).\n",
    )
    assert installed.run("nosuch").errors == (
        "Running in training\nCommand not found: nosuch\n"
        "Running in inference\nCommand not found: nosuch\n"
        "The command failed in training (exit code 1) and inference (exit code 1).\n"
    )


def test_nothing_runs_before_all_environments_are_there(checkout: Checkout) -> None:
    checkout.poetry.ok(checkout.root, "fti", "install", "training", "--no-root")
    missing = "inference has no environment. Create it with `poetry fti install inference`.\n"
    assert checkout.run(*SHOWN) == Result(1, "", missing)
    synced = checkout.run("--sync", *SHOWN)
    assert (synced.code, synced.output) == (0, "training train\ninference infer\n")


def test_stages_of_other_platforms_are_left_out(installed: Checkout) -> None:
    pyproject = installed.root / "pyproject.toml"
    table = "[tool.fti.stages.training]\n"
    text = pyproject.read_text(encoding="utf-8")
    text = text.replace(table, f'{table}platforms = ["windows/arm64"]\n')
    pyproject.write_text(text, encoding="utf-8")
    ended = installed.run(*SHOWN)
    assert (ended.code, ended.output) == (0, "inference infer\n")
    assert ended.errors.startswith(
        "Warning: Not run: training is locked for windows/arm64, but this machine is "
    )
    assert ended.errors.endswith("Running in inference\nThe command succeeded in inference.\n")


def test_no_stage_is_affected(checkout: Checkout) -> None:
    last = commit_all(checkout.root)
    done = checkout.poetry(checkout.root, "fti", "run", "--since", last, *SHOWN)
    assert done == Result(0, f"The changes since {last} affect no stage.\n", "")


def test_a_stage_is_not_named_as_well(checkout: Checkout) -> None:
    assert checkout.run("training", "pytest") == Result(
        2,
        "",
        'With --since, the command runs in every affected stage, and "training" is a stage: leave'
        " it out.\n",
    )
    words = ("fti", "run", "--since", "", "pytest")
    assert checkout.poetry(checkout.root, *words).errors == (
        'There is no git revision "". Name a branch, a tag or a commit of this repository.\n'
    )


def test_a_command_is_required(poetry: Poetry, locked_tiny: Path) -> None:
    for words in ([], ["training"], ["--sync"]):
        assert poetry(locked_tiny, "fti", "run", *words) == Result(
            1, "", "Name a stage and a command: poetry fti run STAGE COMMAND\n"
        )
    assert poetry(locked_tiny, "fti", "run", "--since", "HEAD") == Result(
        1, "", "Name a command: poetry fti run --since REV COMMAND\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_after_its_clean_up(
    installed: Checkout, number: signal.Signals, code: int
) -> None:
    script = """\
import pathlib, signal, time
def end(*_):
    time.sleep(1)
    pathlib.Path("ended").touch()
    raise SystemExit(3)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
pathlib.Path("started").touch()
time.sleep(60)
"""
    words = ("fti", "run", "--since", installed.first, "python", "-c", script)
    process = installed.poetry.start(installed.root, *words, new_session=True)
    while not (installed.root / "started").exists():
        assert process.poll() is None
        time.sleep(0.01)
    if number == signal.SIGINT:  # as a terminal does
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.wait() == code
    assert (installed.root / "ended").exists()
    assert errors.splitlines()[0] == "Running in training"
    assert errors.splitlines()[1].startswith("Interrupted.")
