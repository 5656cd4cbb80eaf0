"""The versions of Python that a stage allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from poetry_fti.errors import FtiError
from poetry_fti.targets import python_minors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.targets import Minor


def allowed_minors(locked: LockedStage, key: str = "python") -> Sequence[Minor]:
    """Return the minor versions of Python that a stage allows, ascending.

    Among them are versions that have not been released yet. Raises FtiError if there are none; its
    message names the stage's `key` to set.
    """
    minors = python_minors(SpecifierSet(locked.requires_python))
    if not minors:
        message = (
            f'The stage "{locked.stage.name}" allows no known version of Python'
            f" ({locked.requires_python}). Set tool.fti.stages.{locked.stage.name}.{key}."
        )
        raise FtiError(message)
    return minors
