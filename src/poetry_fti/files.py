"""Atomic writing and comparing of files: the only module that writes files."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from poetry_fti.errors import ChangedFileError
from poetry_fti.reading import LARGEST, read_bytes, require_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import PurePosixPath

    from filelock import BaseFileLock


def read(path: Path, root: Path | None = None, largest: int = LARGEST) -> str | None:
    """Return the text of a file, or None if it does not exist.

    Invalid UTF-8 is replaced. Raises OSError if the file cannot be read or is larger than
    `largest`, FtiError if it is reached through a symbolic link that leaves the folder `root`.
    """
    if root is not None:
        require_inside(path, root)
    try:
        return read_bytes(path, largest).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None


def replace(
    files: Mapping[Path, str], root: Path, *, before: Mapping[Path, str | None] | None = None
) -> tuple[Path, ...]:
    """Write the files whose text differs, and return their paths.

    Line ends alone are no difference, and a file whose lines all end in CR LF keeps them. All texts
    are on disk before the first file is replaced. Each file is replaced atomically: if the command
    is interrupted, it is either unchanged or completely written. Raises OSError; if a text cannot
    be written, no file is replaced.

    `before` are the texts that the new ones are based on: if one of these files has another text
    now, ChangedFileError is raised and no file is replaced. The same holds for FtiError, which is
    raised for a symbolic link that leaves the project's folder `root`.
    """
    for path in files:
        require_inside(path, root)
    targets = {path: Path(os.path.realpath(path)) for path in files}
    _remove_temporary(targets.values())
    changed = {path: text for path, text in _in_their_line_ends(files) if read(path) != text}
    temporary: dict[Path, Path] = {}
    created: list[Path] = []
    try:
        for path, text in changed.items():
            target = targets[path]
            created += _make_folder(target.parent)
            # Not in the system's temporary folder: replacing is atomic only within a file system.
            # The name is recorded before the file is created, so that an interrupt cannot leave
            # the file behind.
            temporary[path] = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
            with _naming(path):
                _write(temporary[path], text, target)
        for path, old in (before or {}).items():
            _require_text(path, (old or "", changed.get(path, files.get(path))), root)
        for path, written in temporary.items():
            with _naming(path):
                written.replace(targets[path])
    except BaseException:
        for written in temporary.values():
            with suppress(OSError):  # it may not exist, and the disk may be read-only
                written.unlink()
        remove_empty(created)
        raise
    return tuple(changed)


def _in_their_line_ends(files: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
    """Yield files with their new text, in which lines end as in the file on disk."""
    for path, text in files.items():
        found = read(path)
        if found is None or "\r\n" not in found:
            yield path, text
        elif lf_only(text) != lf_only(found):
            is_windows = found.count("\r\n") == found.count("\n")
            yield path, lf_only(text).replace("\n", "\r\n") if is_windows else text


def lf_only(text: str) -> str:
    """Return text in which lines end in LF, not in CR LF."""
    return text.replace("\r\n", "\n")


def _require_text(path: Path, allowed: Collection[str | None], root: Path) -> None:
    if (read(path) or "") not in allowed:
        raise ChangedFileError(path.relative_to(root).as_posix())


def _remove_temporary(paths: Iterable[Path]) -> None:
    # Left behind by a command that was killed: no other command is writing (see `exclusive`).
    for path in paths:
        ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.tmp")
        for entry in path.parent.glob(".*.tmp"):
            if ours.fullmatch(entry.name):
                with suppress(OSError):
                    entry.unlink()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Set the file name of an OSError to the file that was to be written."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _make_folder(folder: Path) -> list[Path]:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


@contextmanager
def folder(path: Path) -> Iterator[None]:
    """Create a folder and its parents; when the context ends, remove those that are empty."""
    created = _make_folder(path)
    try:
        yield
    finally:
        remove_empty(created)


def remove(paths: Iterable[Path]) -> None:
    """Remove files; raises OSError at the first that cannot be removed."""
    for path in paths:
        path.unlink()


def remove_empty(folders: list[Path]) -> None:
    """Remove the folders that are empty; they have to be listed before their parents."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _write(temporary: Path, text: str, path: Path) -> None:
    with temporary.open("xb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        shutil.copymode(path, temporary)


@contextmanager
def exclusive(lock_file: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Lock a file for the duration of the context, so that one process at a time enters it.

    If another process has the lock, `waiting` is called once before waiting for it. Where no lock
    file can be created, for example on a read-only disk, the context is entered without a lock.
    """
    lock = _acquired(lock_file, waiting)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _acquired(lock_file: Path, waiting: Callable[[], None]) -> BaseFileLock | None:
    # Imported here, since most commands do not write.
    from filelock import FileLock, Timeout  # noqa: PLC0415

    lock = FileLock(lock_file)
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    except (OSError, NotImplementedError):  # the latter on file systems without locks
        return None
    return lock


@dataclass(frozen=True, slots=True)
class Difference:
    """A file whose text is not the expected one; `found` is None if it is missing."""

    path: PurePosixPath
    found: str | None
    expected: str

    @property
    def diff(self) -> str:
        """A unified diff from the text on disk to the expected one."""
        return "".join(
            difflib.unified_diff(
                (self.found or "").splitlines(keepends=True),
                self.expected.splitlines(keepends=True),
                f"{self.path} ({'on disk' if self.found is not None else 'missing'})",
                f"{self.path} (expected)",
            )
        )


def differences(files: Mapping[PurePosixPath, str], root: Path) -> Iterator[Difference]:
    """Yield the files below `root` whose text is not the expected one.

    Line ends alone are no difference.
    """
    for path, text in files.items():
        found, expected = read(root / path, root), lf_only(text)
        found = found if found is None else lf_only(found)
        if found != expected:
            yield Difference(path, found, expected)
