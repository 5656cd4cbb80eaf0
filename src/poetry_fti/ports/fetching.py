"""Advice on what to fetch into a clone that lacks commits or branches."""

from __future__ import annotations

from typing import Final

_ALL_BRANCHES: Final = '`git remote set-branches origin "*"`'
_IN_CI: Final = (
    "GitHub Actions: `fetch-depth: 0` of actions/checkout; GitLab: the variable `GIT_DEPTH: 0`"
)


def fetch_history(refspecs: str) -> str:
    """Return a sentence on how to fetch the history of a shallow clone.

    `refspecs` is the git setting `remote.origin.fetch`.
    """
    first = f"{_ALL_BRANCHES} and " if _is_narrow(refspecs) else ""
    return f"Fetch the history with {first}`git fetch --unshallow` ({_IN_CI})."


def place_of_branches(refspecs: str) -> str:
    """Return where revisions are looked up, with the commands that fetch branches that may lack.

    `refspecs` is the git setting `remote.origin.fetch`.
    """
    if not _is_narrow(refspecs):
        return "this repository"
    return f"this clone, which lacks branches. Fetch them with {_ALL_BRANCHES} and `git fetch`"


def _is_narrow(refspecs: str) -> bool:
    # `git clone --depth` and `git clone --single-branch` have git fetch the one branch only.
    return bool(refspecs.strip()) and "*" not in refspecs
