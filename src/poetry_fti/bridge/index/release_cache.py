"""Poetry's cache of releases' metadata, made safe for several processes at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from poetry.utils.cache import FileCache

from poetry_fti.bridge.internals.index import deserialized, value_path

if TYPE_CHECKING:
    from pathlib import Path


class RobustFileCache(FileCache[dict[str, Any]]):
    """Replaces whole files, so that no process reads what another one has written in part.

    Poetry's own cache reports such a file as corrupt and deletes it. This one ignores what plain
    Poetry has written in part, or another process has just deleted.
    """

    def get(self, key: str) -> dict[str, Any] | None:
        """Return a value; None if it is missing, incomplete or expired."""
        try:
            found = deserialized(self, value_path(self, key).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return None if found.expired else found.data

    def forget(self, key: str) -> None:
        """Remove a value, which another process may be removing, too."""
        value_path(self, key).unlink(missing_ok=True)

    def put(self, key: str, value: object, minutes: int | None = None) -> None:
        """Store a value for a number of minutes, or for ever."""
        temporary = _TemporaryCache(self.path, self.hash_type)
        written = value_path(temporary, key)
        try:
            temporary.put(key, value, minutes)
            written.replace(value_path(self, key))
        except BaseException:
            written.unlink(missing_ok=True)
            raise


@dataclass(frozen=True)
class _TemporaryCache(FileCache[dict[str, Any]]):
    """Writes each value beside the file that will hold it.

    `_path` is listed in `bridge/internals/index.py`.
    """

    suffix: str = field(default_factory=lambda: f".{token_hex(4)}.tmp")

    def _path(self, key: str) -> Path:
        path = super()._path(key)
        return path.with_name(path.name + self.suffix)
