"""Formats that locked stages are exported to: one module each, and a line in a registry.

Their names are in `model.FORMATS`: to know them costs no command the import of all modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from poetry_fti.exporters import (
    bake,
    compose,
    constraints,
    dockerfile,
    pylock,
    pyproject,
    requirements,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model import LockedStage


class Exporter(Protocol):
    """What a format's module offers."""

    @property
    def NEEDS_URLS(self) -> bool:  # noqa: N802 - a constant of the module
        """Whether the files' URLs and sizes have to be looked up before `files` is called."""

    def files(self, locked: LockedStage, /) -> Mapping[str, str]:
        """Return the text of each file by its name in the stage's folder."""


class ProjectExporter(Protocol):
    """What the module of a format offers that is about all stages at once."""

    def files(self, stages: Sequence[LockedStage], /) -> Mapping[str, str]:
        """Return the text of each file by its name in the folder of the stages' folders."""


EXPORTERS: Final[Mapping[str, Exporter]] = {
    "constraints": constraints,
    "dockerfile": dockerfile,
    "pylock": pylock,
    "pyproject": pyproject,
    "requirements": requirements,
}

PROJECT_EXPORTERS: Final[Mapping[str, ProjectExporter]] = {"bake": bake, "compose": compose}
