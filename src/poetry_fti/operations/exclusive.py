"""Ensures that only one command at a time writes into a project."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.bridge.project.pyproject import find_pyproject
from poetry_fti.bridge.project.settings import project_cache_file
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from poetry_fti.operations.feedback import Feedback


def exclusive_access(folder: Path, feedback: Feedback) -> AbstractContextManager[None]:
    """Return a context in which no other command writes into the project of a folder.

    Entering it waits for a command that is writing, which `feedback` is notified of.
    """
    return files.exclusive(
        _lock_file(folder),
        lambda: feedback.notice(
            "Waiting for another poetry fti command in this project to finish."
        ),
    )


def _lock_file(folder: Path) -> Path:
    """Return the path of the lock file of a project, which is in Poetry's cache folder."""
    with suppress(FtiError):  # `init` creates a project; other commands report that none exists
        folder = find_pyproject(folder).parent
    return project_cache_file(folder, "lock")
