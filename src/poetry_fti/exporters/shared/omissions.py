"""Stages without hashes or markers, for tools that do not support these in requirements files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage

_NAMED: Final = 5


def without_hashes(locked: LockedStage) -> LockedStage:
    """Return a stage whose packages have no files, and hence no hashes."""
    packages = tuple(replace(package, files=()) for package in locked.packages)
    return replace(locked, packages=packages)


def without_markers(locked: LockedStage) -> LockedStage:
    """Return the stage unchanged; raises FtiError if a package has a marker that has to be kept."""
    names = sorted({package.name for package in locked.packages if package.marker is not None})
    if not names:
        return locked
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    raise FtiError(
        f'The stage "{locked.stage.name}" cannot be written without markers, since they decide'
        f" where these are installed: {', '.join(names[:_NAMED])}{more}. Give the stage"
        f" `platforms` and `python` in [tool.fti.stages.{locked.stage.name}], narrow enough that"
        " each marker has one value there."
    )
