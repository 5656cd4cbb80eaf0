"""The files that an image is built from: their digest, and their sizes."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.reading import is_inside, require_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path, PurePosixPath

_CHUNK: Final = 1 << 20


def inputs_digest(
    root: Path,
    paths: Iterable[PurePosixPath],
    is_excluded: Callable[[PurePosixPath], bool],
    texts: Iterable[str],
) -> str:
    """Return a digest, `sha256:hex`, of files and folders below `root`, and of further texts.

    It covers paths, contents, permissions and the targets of links, but neither excluded paths nor
    times and owners; nor what links contain that leave `root`, which no image gets. Raises OSError
    for a file that cannot be read, FtiError for a path in a folder outside `root`.
    """
    digest = hashlib.sha256()
    for text in texts:
        _add(digest.update, "other", text)
    found: set[PurePosixPath] = set()
    for path in paths:
        require_inside(root / path.parent, root)
        found.update(_below(root, path, is_excluded))
    for path in sorted(found):
        _add_path(digest.update, root, path)
    return f"sha256:{digest.hexdigest()}"


@dataclass(frozen=True, slots=True)
class ContextPath:
    """A file or a folder of a build context, and the size in bytes of the files in it."""

    path: PurePosixPath
    size: int


def visible_paths(
    root: Path,
    paths: Iterable[PurePosixPath],
    project: PurePosixPath,
    is_excluded: Callable[[PurePosixPath], bool],
) -> tuple[ContextPath, ...]:
    """Return the files and folders below `root` that a build can read, sorted.

    In place of the whole folder `project` the files and folders in it are returned. Paths that do
    not exist, or that lie in others, are left out. Raises OSError, and FtiError for a path in a
    folder outside `root`.
    """
    found: set[PurePosixPath] = set()
    for path in paths:
        require_inside(root / path.parent, root)
        is_whole = path == project
        children = (path / entry.name for entry in (root / path).iterdir()) if is_whole else [path]
        found.update(each for each in children if not (is_whole and is_excluded(each)))
    tops = sorted(each for each in found if found.isdisjoint(each.parents))
    return tuple(
        ContextPath(each, sum(_size(root / file) for file in _below(root, each, is_excluded)))
        for each in tops
        if (root / each).exists()
    )


def _size(path: Path) -> int:
    status = path.lstat()
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _below(
    root: Path, path: PurePosixPath, is_excluded: Callable[[PurePosixPath], bool]
) -> Iterator[PurePosixPath]:
    yield path
    folder = root / path
    if folder.is_dir() and not folder.is_symlink():
        for entry in folder.iterdir():
            if not is_excluded(path / entry.name):
                yield from _below(root, path / entry.name, is_excluded)


def _add_path(update: Callable[[bytes], None], root: Path, path: PurePosixPath) -> None:
    file = root / path
    if file.is_symlink():
        _add(update, "link", str(path), file.readlink().as_posix())
        if not is_inside(file, root):
            return
    if not file.exists():
        return
    mode = f"{stat.S_IMODE(file.stat().st_mode):o}"
    if file.is_file():
        _add(update, "file", str(path), mode, str(file.stat().st_size))
        with file.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                update(chunk)
    else:
        _add(update, "folder", str(path), mode)


def _add(update: Callable[[bytes], None], *fields: str) -> None:
    for field in fields:
        data = field.encode(errors="surrogateescape")
        update(b"%d:%b" % (len(data), data))
