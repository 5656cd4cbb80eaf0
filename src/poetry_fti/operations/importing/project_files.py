"""The files that an import may read: those of the project and of the folders of its sources."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.reading import is_inside, read_bytes
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import PurePath

_LARGEST: Final = 16 << 20
_MOST_MATCHES: Final = 10_000


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """Reads regular files below the project's root, and below the folders of what is imported.

    A file elsewhere that an imported file refers to is not read: its content could end up in
    pyproject.toml, or in a message.
    """

    root: Path
    folders: Sequence[Path]

    def read(self, path: PurePath, /) -> bytes:
        """Return the content of a file; raises FtiError if it cannot or may not be read."""
        if not self._may_read(path):
            raise FtiError(
                f"{self.shown(path)} is not in the project, nor in the folder of an imported file."
                " Name it as a source, too."
            )
        try:
            return read_bytes(Path(path), _LARGEST)
        except FileNotFoundError as error:
            raise FtiError(f"There is no file {self.shown(path)}.") from error
        except (OSError, ValueError) as error:  # the latter for a null character in the path
            reason = getattr(error, "strerror", None) or str(error)
            raise FtiError(f"{self.shown(path)} cannot be read: {reason}.") from error

    def has(self, path: PurePath, /) -> bool:
        """Return whether a path is a regular file that may be read."""
        try:
            return self._may_read(path) and Path(path).is_file()
        except (OSError, ValueError):
            return False

    def shown(self, path: PurePath, /) -> str:
        """Return a path on one line, relative to the project's root if it is below it."""
        is_below = path.is_relative_to(self.root)
        return in_one_line(path.relative_to(self.root).as_posix() if is_below else str(path))

    def matching_folders(self, folder: PurePath, pattern: str, /) -> list[PurePath]:
        """Return the sorted folders that match a glob pattern and that may be read."""
        if ".." in Path(pattern).parts:
            return []
        try:
            found = sorted(islice(Path(folder).glob(pattern), _MOST_MATCHES))
            return [each for each in found if is_inside(each, Path(folder)) and each.is_dir()]
        except (OSError, ValueError, NotImplementedError):  # the latter for an absolute pattern
            return []

    def is_project(self, path: PurePath, /) -> bool:
        """Return whether a path is the root of the project."""
        try:
            return os.path.realpath(path) == os.path.realpath(self.root)
        except ValueError:
            return False

    def _may_read(self, path: PurePath) -> bool:
        try:
            return any(is_inside(Path(path), folder) for folder in (self.root, *self.folders))
        except ValueError:
            return True  # opening it fails with the reason
