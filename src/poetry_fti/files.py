"""The only writer: files replaced as a whole, or compared with what they should be."""

from __future__ import annotations

import difflib
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePosixPath


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
    changed = {path: text for path, text in files.items() if read(path) != text}
    written: dict[Path, Path] = {}
    created: list[Path] = []
    try:
        for path, text in changed.items():
            created += _make_folder(path.parent)
            written[path] = _write_beside(path, text)
        for path, temporary in written.items():
            temporary.replace(path)
    except BaseException:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
        remove_empty(created)
        raise
    return tuple(changed)


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


def _write_beside(path: Path, text: str) -> Path:
    # Not in the system's temporary folder: replacing is atomic within one file system only.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode(path))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _mode(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)  # the only way to read it is to set it
    os.umask(mask)
    return 0o666 & ~mask


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
