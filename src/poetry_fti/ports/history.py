"""The commits of a git repository that have changed certain files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.ports.git_process import git_failure, run_git

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from poetry_fti.ports.git import Repository

_SEPARATOR: Final = "\x1f"
_FORMAT: Final = _SEPARATOR.join(("%H", "%h", "%cs", "%s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit: its hash and the abbreviation of it, its date (ISO 8601), and its first line."""

    hash: str
    short: str
    date: str
    subject: str


def commits_of(
    repository: Repository, paths: Iterable[PurePosixPath], most: int
) -> tuple[Commit, ...]:
    """Return the newest commits of HEAD's history that have changed any of the files, newest first.

    Only first parents are followed: what a branch has changed counts when it is merged. Paths are
    relative to the root of the working tree. Returns an empty tuple if there is no commit yet.
    """
    if run_git(repository.top, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        return ()
    result = run_git(
        repository.top,
        *("log", "-z", "--first-parent", f"--max-count={most}", f"--format={_FORMAT}"),
        *("--encoding=UTF-8", "--abbrev=10", "--no-show-signature", "--no-patch", "HEAD", "--"),
        *(f":(top,literal){path}" for path in paths),
    )
    if result.returncode:
        raise FtiError(git_failure(repository.top, result.stderr))
    lines = result.stdout.decode(errors="replace").split("\0")
    found = (line.split(_SEPARATOR, 3) for line in lines if line)
    return tuple(
        Commit(hash=commit, short=short, date=date, subject=subject)
        for commit, short, date, subject in found
    )


def is_shallow(repository: Repository) -> bool:
    """Return whether a clone may lack the commits before some of those that it has."""
    found = run_git(repository.top, "rev-parse", "--is-shallow-repository")
    return found.stdout.strip() == b"true"
