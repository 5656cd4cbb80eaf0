"""The files that an importer reads: the one that the user names, and those that it refers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import PurePath


class Files(Protocol):
    """Reads the files of the user's project; paths are absolute."""

    def read(self, path: PurePath, /) -> bytes:
        """Return the content of a file; raises FtiError if it is missing or may not be read."""

    def has(self, path: PurePath, /) -> bool:
        """Return whether a path is a regular file that may be read."""

    def shown(self, path: PurePath, /) -> str:
        """Return a path as messages show it."""

    def matching_folders(self, folder: PurePath, pattern: str, /) -> list[PurePath]:
        """Return the sorted folders below a folder whose relative paths match a glob pattern."""

    def is_project(self, path: PurePath, /) -> bool:
        """Return whether a path is the root of the project that is imported into."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import into a stage.

    `environment` is the one to import of those that the file describes. If it is empty, that is the
    one with the name of the stage, or else the default one.
    """

    path: PurePath
    files: Files
    environment: str = ""
    stage: str = ""

    @property
    def data(self) -> bytes:
        """The content of the file; raises FtiError if it cannot be read."""
        return self.files.read(self.path)

    @property
    def name(self) -> str:
        """The path of the file as messages show it."""
        return self.files.shown(self.path)
