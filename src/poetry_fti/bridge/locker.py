"""A stage's lock on disk: its state, and what Poetry would write, without writing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from poetry.packages.locker import Locker

if TYPE_CHECKING:
    from pathlib import Path

    from tomlkit.toml_document import TOMLDocument

LockState: TypeAlias = Literal["fresh", "stale", "missing", "broken"]


@dataclass(frozen=True, slots=True)
class LockStatus:
    """The state of a stage's lock; `reason` says why it is broken."""

    state: LockState
    reason: str = ""


class StageLocker(Locker):
    """Poetry's locker, but that what it would write is kept in `written`.

    Relies on `Locker.set_lock_data` handing the whole document to `_write_lock_data` when it
    differs from what is on disk (so since Poetry 1.0).
    """

    def __init__(self, lock: Path, pyproject_data: dict[str, Any]) -> None:
        super().__init__(lock, pyproject_data)
        self.written: str | None = None

    def _write_lock_data(self, data: TOMLDocument) -> None:
        self.written = data.as_string().replace("\r\n", "\n")


def lock_status(locker: Locker) -> LockStatus:
    """Tell whether a stage's lock exists, can be read, and belongs to the derived project."""
    if not locker.is_locked():
        return LockStatus("missing")
    reason = _unreadable(locker)
    if reason:
        return LockStatus("broken", reason)
    current = locker.is_locked_groups_and_markers() and locker.is_fresh()
    return LockStatus("fresh" if current else "stale")


def _unreadable(locker: Locker) -> str:
    try:
        text = locker.lock.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    if any(line.startswith("<<<<<<< ") for line in text.splitlines()):
        return "it holds merge markers"
    try:
        _walk(locker.lock_data)
    except RuntimeError as error:
        return _in_one_line(error)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        return f"a part of it is missing or wrong ({type(error).__name__}: {error})"
    return ""


def _walk(data: dict[str, Any]) -> None:
    """Touch what Poetry will read without asking, so that a damaged lock is found here."""
    data["metadata"]["content-hash"].strip()
    for package in data["package"]:
        for key in ("name", "version", "python-versions"):
            package[key].strip()
        for file in package["files"]:
            file["file"].strip(), file["hash"].strip()
        list(package["groups"]), bool(package["optional"])


def _in_one_line(error: RuntimeError) -> str:
    # Poetry's second sentence names `poetry lock`, which would lock the project instead.
    first = str(error).splitlines()[0].rstrip(".")
    return first[0].lower() + first[1:]
