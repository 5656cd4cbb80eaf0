"""The only writer: files replaced as a whole, or compared with what they should be."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from filelock import BaseFileLock


def read(path: Path) -> str | None:
    """Return a file's text, None where there is no such file."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None


def replace(files: Mapping[Path, str]) -> tuple[Path, ...]:
    """Replace the files whose text differs and return them, all or (on an error) none.

    Every text is on disk before the first file is replaced; each is replaced atomically, so an
    interrupt leaves whole files, old or new. Raises OSError.
    """
    _remove_temporary(files)
    changed = {path: text for path, text in files.items() if read(path) != text}
    temporary: dict[Path, Path] = {}
    created: list[Path] = []
    try:
        for path, text in changed.items():
            created += _make_folder(path.parent)
            # Not in the system's temporary folder: replacing is atomic within one file system
            # only. Known before it exists, so that no interrupt can leave it behind.
            temporary[path] = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
            with _naming(path):
                _write(temporary[path], text, path)
        for path, written in temporary.items():
            with _naming(path):
                written.replace(path)
    except BaseException:
        for written in temporary.values():
            with suppress(OSError):  # it may not exist, on a disk that takes no change
                written.unlink()
        remove_empty(created)
        raise
    return tuple(changed)


def _remove_temporary(paths: Iterable[Path]) -> None:
    # What a killed command has left. One that still runs keeps this one out (see `exclusive`).
    for path in paths:
        ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.tmp")
        for entry in path.parent.glob(".*.tmp"):
            if ours.fullmatch(entry.name):
                with suppress(OSError):
                    entry.unlink()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let an error name the file that was to be written, and not a temporary one or none."""
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
    """Let a folder exist for a while; it stays if something has been put in it."""
    created = _make_folder(path)
    try:
        yield
    finally:
        remove_empty(created)


def remove(paths: Iterable[Path]) -> None:
    """Remove files."""
    for path in paths:
        path.unlink()


def remove_empty(folders: list[Path]) -> None:
    """Remove the folders that are empty; a folder comes before its parent."""
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
    """Keep other processes out; if one is in, call `waiting` and wait until it has left or died.

    Where there can be no lock file, on a read-only disk for one, nobody is kept out.
    """
    lock = _acquired(lock_file, waiting)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


def _acquired(lock_file: Path, waiting: Callable[[], None]) -> BaseFileLock | None:
    # It takes a while to import, and most commands write nothing.
    from filelock import FileLock, Timeout  # noqa: PLC0415

    lock = FileLock(lock_file)
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    except (OSError, NotImplementedError):  # the latter where a file system knows no locks
        return None
    return lock


def differences(files: Mapping[PurePosixPath, str], root: Path) -> Iterator[str]:
    """Yield a unified diff, from what is below `root`, for each file that is not as expected."""
    for name, expected in files.items():
        found = read(root / name)
        if found != expected:
            yield "".join(
                difflib.unified_diff(
                    (found or "").splitlines(keepends=True),
                    expected.splitlines(keepends=True),
                    f"{name} ({'on disk' if found is not None else 'missing'})",
                    f"{name} (expected)",
                )
            )
