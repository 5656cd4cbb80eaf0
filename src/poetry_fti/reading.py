"""Reading files of a project, which may be a stranger's.

Only regular files up to a size are read, and none through a symbolic link that leaves the project.
"""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO
from pathlib import Path
from typing import Final

from poetry_fti.errors import FtiError

_MIB: Final = 1 << 20
LARGEST: Final = 64 * _MIB  # a lock of a thousand packages has 3 MiB
LARGEST_TEMPLATE: Final = _MIB  # of files that users write: templates, presets


def read_bytes(path: Path, largest: int = LARGEST) -> bytes:
    """Return the content of a file.

    Raises OSError if it cannot be read, is not a regular file or has more bytes than `largest`.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > largest:
            raise OSError(errno.EFBIG, f"Larger than {largest // _MIB} MiB", str(path))
        return file.read(size)


def open_regular(path: Path) -> FileIO:
    """Return a file opened for reading; raises OSError if it is not a regular file."""
    file = FileIO(path, opener=_open)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return file


def _open(path: str, flags: int) -> int:
    # Opening a named pipe would otherwise wait for a writer.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def require_inside(path: Path, root: Path) -> None:
    """Raise FtiError if a symbolic link on the way from `root` to a path below it leaves `root`.

    `root` itself may be reached through links.
    """
    step, relative = root, path.relative_to(root)
    if os.path.realpath(path) == str(Path(os.path.realpath(root), relative)):
        return  # there is no link on the way
    for part in relative.parts:
        step /= part
        if not is_inside(step, root):
            name = step.relative_to(root).as_posix()
            raise FtiError(
                f"The symbolic link {name} leads out of the project. Replace it with a file or a"
                " folder of the project."
            )


def is_inside(path: Path, root: Path) -> bool:
    """Return whether a path leads, with all links followed, to `root` or to a path below it."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
