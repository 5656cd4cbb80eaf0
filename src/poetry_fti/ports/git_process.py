"""Runs the git program on a repository that need not be trusted.

No program that the repository configures is run (hooks, filters, fsmonitor, external diffs, text
conversions), the network is not used, and the repository is not written to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SETTINGS: Final = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "diff.autoRefreshIndex=true",  # contents are compared where only the times of files differ
)
ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
# Git sets these in hooks, for the repository of the hook.
_OF_HOOKS: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})


def git_command(folder: Path, settings: Iterable[str] = ()) -> list[str]:
    """Return the first words of a git command that runs no program of the repository.

    Raises FtiError if there is no git program.
    """
    program = shutil.which("git")
    if program is None:
        raise FtiError("The program git is not installed, or not on PATH. Install it.")
    options = [word for each in (*SETTINGS, *settings) for word in ("-c", each)]
    return [program, "--no-pager", *options, "-C", str(folder)]


def run_git(
    folder: Path, *words: str, settings: Sequence[str] = (), data: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, with `data` as its input; raises FtiError if there is no git program."""
    return subprocess.run(  # noqa: S603 - fixed commands, no shell
        [*git_command(folder, settings), *words],
        env={k: v for k, v in os.environ.items() if k not in _OF_HOOKS} | ENVIRONMENT,
        input=data.encode(),
        capture_output=True,
        check=False,
    )


def git_failure(folder: Path, errors: bytes) -> str:
    """Return a message for what git has printed on its error stream."""
    if b"not a git repository" in errors:
        return f"{folder} is not in a git repository. Run `git init`, or change to a clone."
    message = errors.decode(errors="replace").strip() or "no message"
    return f"git cannot read the repository of {folder}: {message}"
