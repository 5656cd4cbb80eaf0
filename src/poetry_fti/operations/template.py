"""The file that a stage's Dockerfile is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from poetry_fti.model import LockedStage


def with_template(locked: LockedStage, root: Path) -> LockedStage:
    """Return the stage with the text of its template; raises ConfigError for a missing one."""
    path = locked.stage.image.template
    if path is None:
        return locked
    text = files.read(root / path)
    if text is None:
        key = f"tool.fti.stages.{locked.stage.name}.image.template"
        raise ConfigError(f'{key}: there is no file "{path}". Write it, or leave the key out.')
    return replace(locked, template=text)
