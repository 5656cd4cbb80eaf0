"""Projects in git repositories, which the benchmark compares with an earlier commit."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_IDENTITY: Final = ("-c", "user.name=x", "-c", "user.email=x@example.org")
_PACKAGE: Final = re.compile(r'(name = "(?:numpy|scipy|typing-extensions)"\nversion = )"[^"]*"')
_FIRST: Final = 1_700_000_000  # seconds since 1970


def commit_with_changes(project: Path, commits: int) -> None:
    """Create a repository of so many commits; the last two differ in every lock of the project."""
    _git(project, "init", "--quiet", "--initial-branch=main")
    _git(project, "fast-import", "--quiet", text="".join(map(_commit, range(commits - 2))))
    _git(project, "reset", "--quiet")
    locks = {path: path.read_text() for path in project.rglob("poetry.lock")}
    for path, text in locks.items():
        path.write_text(_PACKAGE.sub(r'\1"1.0"', text))
    _commit_all(project)
    for path, text in locks.items():
        path.write_text(text)
    _commit_all(project)


def copy_with_changes(project: Path, copy: Path, commits: int) -> Path:
    """Copy a locked project without its repository, and create one as `commit_with_changes`."""
    shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".git"))
    commit_with_changes(copy, commits)
    return copy


def _commit(number: int) -> str:
    return (
        "commit refs/heads/main\n"
        f"committer x <x@example.org> {_FIRST + number} +0000\n"
        "data 1\nx\n"
        f"M 100644 inline counter\ndata <<.\n{number}\n.\n\n"
    )


def _commit_all(project: Path) -> None:
    _git(project, "add", "--all")
    _git(project, *_IDENTITY, "commit", "--quiet", "--message", "x")


def _git(folder: Path, *words: str, text: str = "") -> None:
    command = [shutil.which("git") or "git", *words]
    subprocess.run(command, cwd=folder, input=text, text=True, check=True)
