"""Reads the template that a stage's Dockerfile is generated from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import ConfigError
from poetry_fti.reading import LARGEST_TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

    from poetry_fti.model.lock import LockedStage


def with_template(locked: LockedStage, root: Path) -> LockedStage:
    """Return a stage with the text of its Dockerfile template, or unchanged if it has none.

    Raises ConfigError if the template file does not exist, FtiError if a symbolic link to it leaves
    the project, and OSError if it cannot be read.
    """
    path = locked.stage.image.template
    if path is None:
        return locked
    text = files.read(root / path, root, LARGEST_TEMPLATE)
    if text is None:
        key = locked.stage.image_key("template")
        raise ConfigError(f'{key}: the file "{path}" does not exist. Create it or remove the key.')
    return replace(locked, template=text)
