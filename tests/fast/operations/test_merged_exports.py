"""Two git branches that each add a package to the same stage, and their merge."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from memory_commands import run
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = [
    pytest.mark.generated,  # it locks and exports four times
    pytest.mark.skipif(shutil.which("git") is None, reason="there is no git"),
]

RELEASES: Final[Releases] = {
    "app 1.0": ["lib", "torch"],
    "lib 1.0": [],
    "mid 1.0": ["torch"],
    "torch 1.0": ["size 90000000"],
    "zoo 1.0": [],
}
EXPORTS: Final = (
    '[tool.fti]\nexports = ["requirements", "pylock", "dockerfile", "bake", "compose"]\n'
)
CHANGED: Final = {
    "pyproject.toml",
    "fti/training/poetry.lock",
    "fti/training/pylock.training.toml",
    "fti/training/requirements.own.txt",
    "fti/training/requirements.txt",
}


def git(demo: MemoryProject, *words: str) -> set[str]:
    """Run git, and return the lines that it prints."""
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
    done = subprocess.run(
        ["git", *identity, *words],
        cwd=demo.root,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    return set(done.stdout.splitlines())


def commit(demo: MemoryProject, *added: str) -> None:
    """Add packages to training, lock, export and commit."""
    demo.write(pyproject({"feature": ["app"], "training": ["app", *added]}, EXPORTS))
    for command in ("lock", "export"):
        assert run(demo, command).code == 0
    git(demo, "add", "--all")
    git(demo, "commit", "--quiet", "--message", "change")


def test_two_branches_conflict_in_the_files_of_their_stage_and_are_merged(
    demo: MemoryProject,
) -> None:
    demo.index.offer(RELEASES)
    git(demo, "init", "--quiet", "--initial-branch", "ours")
    commit(demo)
    git(demo, "branch", "theirs")
    for branch, package in (("theirs", "zoo"), ("ours", "mid")):
        git(demo, "checkout", "--quiet", branch)
        commit(demo, package)
        assert git(demo, "diff", "--name-only", "HEAD~1") == CHANGED

    git(demo, "merge", "theirs")
    conflicts = git(demo, "diff", "--name-only", "--diff-filter=U")
    assert "fti/training/poetry.lock" in conflicts
    assert conflicts <= CHANGED
    commit(demo, "mid", "zoo")

    files = {path: path.read_text(encoding="utf-8") for path in demo.root.glob("fti/*/*")}
    assert [path for path, text in files.items() if "<<<<<<<" in text] == []
    assert run(demo, "lock", "--check").code == run(demo, "export", "--check").code == 0
    own = files[demo.root / "fti/training/requirements.own.txt"].splitlines()
    pins = [line.split()[0] for line in own if "==" in line]
    assert pins == ["app==1.0", "lib==1.0", "mid==1.0", "zoo==1.0"]
    assert git(demo, "diff", "--name-only", "theirs") == CHANGED
