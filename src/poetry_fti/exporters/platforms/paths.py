"""Stages without the packages that are paths of the project, for tools that run elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.model.origins import DirectoryOrigin, FileOrigin

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage


def without_paths(locked: LockedStage) -> LockedStage:
    """Return a stage without the packages that are folders or files of the project."""
    return replace(
        locked,
        packages=tuple(
            package
            for package in locked.packages
            if not isinstance(package.origin, DirectoryOrigin | FileOrigin)
        ),
    )


def left_out_note(locked: LockedStage, remedy: str) -> list[str]:
    """Return a comment that names the packages `without_paths` leaves out; an empty list if none.

    `remedy` is the way in which their code gets to where the stage runs.
    """
    kept = without_paths(locked).packages
    names = sorted({package.name for package in locked.packages if package not in kept})
    return [f"# Paths are left out; {remedy}: {', '.join(names)}"] if names else []
