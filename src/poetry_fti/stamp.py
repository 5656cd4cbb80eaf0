"""What a model was trained with: the stage, the digest of its lock, and the commit of the code.

`poetry fti export --format stamp` writes this module as fti_stamp.py, for an environment without
poetry-fti: it imports the standard library only, and runs on Python 3.8 and later.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

# An exported file has the values of its stage.
STAGE = ""
LOCK = ""

# Variables in which CI systems pass the commit; GIT_COMMIT is Jenkins', and to be set by hand.
VARIABLES = (
    "GIT_COMMIT",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "BITBUCKET_COMMIT",
    "BUILDKITE_COMMIT",
    "BUILD_SOURCEVERSION",
    "CIRCLE_SHA1",
)

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def stamp(folder: str | os.PathLike[str] | None = None) -> dict[str, str]:
    """Return the stage, the digest of its lock, and the commit, to be logged with a model.

    The keys are `poetry_fti.stage`, `poetry_fti.lock` (`sha256:` and hexadecimal digits) and
    `poetry_fti.commit`, whose value is empty if it is not known. `folder` is the stage's folder,
    such as `fti/training`; in an exported file it is not needed. Raises OSError if the lock in the
    folder cannot be read, ValueError without a folder where it is needed.
    """
    if folder is None and not STAGE:
        message = "pass the folder of a stage, such as fti/training"
        raise ValueError(message)
    stage, lock = (STAGE, LOCK) if folder is None else _of(Path(folder))
    start = Path(__file__).parent if folder is None else Path(folder)
    return {
        "poetry_fti.stage": stage,
        "poetry_fti.lock": lock,
        "poetry_fti.commit": commit(start) or commit(Path.cwd()),
    }


def commit(start: Path) -> str:
    """Return the commit of the code in a folder; an empty string if it is not known.

    It is the value of one of `VARIABLES`, or else the one that is checked out in the git repository
    around the folder. Git is not run.
    """
    for name in VARIABLES:
        value = os.environ.get(name, "").strip().lower()
        if _COMMIT.fullmatch(value):
            return value
    folder = start.resolve()
    for parent in (folder, *folder.parents):
        git = parent.joinpath(".git")
        if git.exists():
            return _checked_out(git)
    return ""


def _of(folder: Path) -> tuple[str, str]:
    text = folder.joinpath("poetry.lock").read_bytes().replace(b"\r\n", b"\n")
    return folder.resolve().name, f"sha256:{hashlib.sha256(text).hexdigest()}"


def _checked_out(git: Path) -> str:
    """Return the commit in HEAD of a git folder, or of the file `.git` of a worktree."""
    if git.is_file():
        git = git.parent.joinpath(_text(git).partition("gitdir:")[2].strip())
    common = git.joinpath(_text(git.joinpath("commondir")))
    head = _text(git.joinpath("HEAD"))
    name = head.partition("ref:")[2].strip()
    if name:
        head = _text(git.joinpath(name)) or _text(common.joinpath(name)) or _packed(common, name)
    return head if _COMMIT.fullmatch(head) else ""


def _packed(git: Path, name: str) -> str:
    for line in _text(git.joinpath("packed-refs")).splitlines():
        value, _, reference = line.partition(" ")
        if reference == name:
            return value
    return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
