"""Formats that a locked stage is exported to: one module each, and a line in `EXPORTERS`.

Their names are in `model.FORMATS`: to know them costs no command the import of all modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from poetry_fti.exporters import constraints, dockerfile, pylock, pyproject, requirements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model import LockedStage


class Exporter(Protocol):
    """What a format's module offers."""

    @property
    def NEEDS_URLS(self) -> bool:  # noqa: N802 - a constant of the module
        """Whether the files' URLs and sizes have to be looked up before `files` is called."""

    def files(self, locked: LockedStage, /) -> Mapping[str, str]:
        """Return the text of each file by its name in the stage's folder."""


EXPORTERS: Final[Mapping[str, Exporter]] = {
    "constraints": constraints,
    "dockerfile": dockerfile,
    "pylock": pylock,
    "pyproject": pyproject,
    "requirements": requirements,
}
