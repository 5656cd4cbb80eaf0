"""The folder that the image of a stage is built from: the project's, or one above it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from poetry_fti.model.stage import Stage


def context_folder(root: Path, stage: Stage) -> Path:
    """Return the folder of a stage's build context."""
    context = stage.image.context
    # Engines follow the links to the project's folder before they go up.
    return Path(os.path.normpath(root.resolve() / context)) if context.parts else root


def path_in_context(root: Path, stage: Stage) -> PurePosixPath:
    """Return the path of the project's root in a stage's build context.

    Raises ConfigError for the root of a file system, which is no repository.
    """
    folder = context_folder(root, stage)
    if stage.image.context.parts and folder == folder.parent:
        key = f"tool.fti.stages.{stage.name}.image.context"
        message = f'{key}: "{stage.image.context}" is the root of the file system'
        raise ConfigError(f"{message}. Name a folder of your repository.")
    if folder == root:
        return PurePosixPath()
    return PurePosixPath(root.resolve().relative_to(folder).as_posix())
