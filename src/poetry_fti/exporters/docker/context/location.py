"""Paths of the project as paths in the build context, which may be a folder above the project."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage


def in_context(locked: LockedStage, path: PurePosixPath = PurePosixPath()) -> PurePosixPath:
    """Return a path, relative to the project's root, as a path in the build context.

    Raises FtiError for a path that is not in the build context.
    """
    found = PurePosixPath(posixpath.normpath(locked.in_context / path))
    if found.is_absolute() or ".." in found.parts:
        raise FtiError(_outside(locked, path))
    return found


def _outside(locked: LockedStage, path: PurePosixPath) -> str:
    context = locked.stage.image.context
    folder = f'the folder "{context}"' if context.parts else "the project's folder"
    message = f'A Dockerfile can\'t reach "{path}": the build context is {folder}.'
    if path.is_absolute():
        return f'{message} Move it there, or leave "dockerfile" out of tool.fti.exports.'
    above = PurePosixPath(*(part for part in path.parts if part == ".."))
    key = f"tool.fti.stages.{locked.stage.name}.image.context"
    return f'{message} Set {key} = "{above}".'
