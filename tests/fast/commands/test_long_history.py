"""Commands that compare with a git revision, in repositories with a long history."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from git_program import commit_all, git
from memory_commands import run

if TYPE_CHECKING:
    from pathlib import Path

    from memory_index import MemoryProject

pytestmark = pytest.mark.slow

COMMANDS: Final = (
    ("affected", "--since", "HEAD~1"),
    ("diff", "--since", "HEAD~1"),
    ("check",),
    ("why", "lib"),
    ("diff",),
)


def commit_often(root: Path, count: int) -> None:
    """Create a repository with so many commits before the one of the project's files."""
    git(root, "init", "--quiet")
    commits = "".join(
        "commit refs/heads/main\n"
        f"committer x <x@example.org> {1_700_000_000 + number} +0000\n"
        "data 1\nx\n"
        f"M 100644 inline counter\ndata <<.\n{number}\n.\n\n"
        for number in range(count)
    )
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=root, input=commits, text=True, check=True
    )
    git(root, "reset", "--quiet")


def commit_a_change(project: MemoryProject) -> None:
    """Commit the project, and after that a version in one of its locks."""
    commit_all(project.root)
    lock = project.root / "fti/training/poetry.lock"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(text.replace('version = "1.0"', 'version = "1.1"', 1), encoding="utf-8")
    commit_all(project.root)


def traced(project: MemoryProject, trace: Path, *words: str) -> list[str]:
    """Return the git commands that a command runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_TRACE", str(trace))
        assert run(project, *words).code in (0, 3)
    if not trace.exists():
        return []
    lines = trace.read_text(encoding="utf-8").splitlines()
    trace.unlink()
    return [line.split("git ", 1)[1].split()[0] for line in lines if "built-in: git" in line]


def test_a_long_history_takes_no_more_git_commands(
    locked_demo: MemoryProject, tmp_path: Path
) -> None:
    found: list[list[list[str]]] = []
    for count in (10, 1_000):
        commit_often(locked_demo.root, count)
        commit_a_change(locked_demo)
        found.append([traced(locked_demo, tmp_path / "trace", *words) for words in COMMANDS])
        shutil.rmtree(locked_demo.root / ".git")
    few, many = found
    assert few == many
    affected, since, *others = few
    assert "diff" in affected
    assert "cat-file" in since
    assert others == [[], [], []]


@pytest.mark.parametrize("words", COMMANDS[:2])
def test_earlier_commits_are_not_read(
    locked_demo: MemoryProject, tmp_path: Path, words: tuple[str, ...]
) -> None:
    commit_often(locked_demo.root, 10)
    commit_a_change(locked_demo)
    before = run(locked_demo, *words)
    assert before.code == 0
    assert "training" in before.output
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=3", locked_demo.root.as_uri(), str(clone))
    # Git no longer knows that older commits are missing, and fails when it reads one.
    (clone / ".git" / "shallow").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        git(clone, "log")
    shutil.rmtree(locked_demo.root / ".git")
    shutil.move(clone / ".git", locked_demo.root / ".git")
    assert run(locked_demo, *words) == before
