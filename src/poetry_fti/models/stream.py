"""Bounded reading of files of any size: no read allocates more than a few MiB."""

from __future__ import annotations

import os
import stat
from io import BufferedReader, FileIO
from typing import TYPE_CHECKING, Final, Protocol

from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from pathlib import Path

MIB: Final = 1 << 20
LARGEST_TEXT: Final = 32 * MIB  # of a JSON document
_LONGEST_LINE: Final = MIB
_CHUNK: Final = 64 << 10
_TRUNCATED: Final = "it is truncated"


class Binary(Protocol):
    """A buffered binary file."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes."""

    def readline(self, size: int, /) -> bytes:
        """Return a line, or its first `size` bytes."""


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading.

    Raises OSError if it cannot be opened, and MalformedError if it is a folder, device or pipe.
    """
    # Opening a named pipe would otherwise wait for a writer.
    raw = FileIO(path, opener=lambda name, flags: os.open(name, flags | _NONBLOCK))
    if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
        raw.close()
        raise MalformedError("it is not a regular file")
    return BufferedReader(raw, _CHUNK)


_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)


def size_of(file: BufferedReader) -> int:
    """Return the size of a regular file in bytes."""
    return os.fstat(file.fileno()).st_size


def tail_of(file: BufferedReader, length: int) -> bytes:
    """Return at most the last `length` bytes of a file."""
    file.seek(max(0, size_of(file) - length))
    return file.read(length)


def read_text(file: BufferedReader, largest: int) -> str:
    """Return a whole file as text; raise MalformedError if it is larger or not UTF-8."""
    file.seek(0)
    data = file.read(largest + 1)
    if len(data) > largest:
        raise MalformedError(f"it has more than {largest // MIB} MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError("it is not text in UTF-8") from error


def read_exactly(file: Binary, size: int) -> bytes:
    """Return the next `size` bytes; raise MalformedError if there are fewer or they are too many.

    The limit is `LARGEST_TEXT`.
    """
    if size > LARGEST_TEXT:
        raise MalformedError(
            f"a part of it claims {size} bytes, more than {LARGEST_TEXT // MIB} MiB"
        )
    data = file.read(size)
    if len(data) != size:
        raise MalformedError(_TRUNCATED)
    return data


def read_line(file: Binary) -> bytes:
    """Return the next line without its end; raise MalformedError if it does not end or is long."""
    line = file.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        is_long = len(line) == _LONGEST_LINE
        raise MalformedError("a line is longer than 1 MiB" if is_long else _TRUNCATED)
    return line[:-1]


def skip(file: Binary, size: int) -> None:
    """Move forward by `size` bytes; raise MalformedError if there are fewer."""
    if isinstance(file, BufferedReader) and isinstance(file.raw, FileIO):
        if size > size_of(file) - file.tell():
            raise MalformedError(_TRUNCATED)
        file.seek(size, os.SEEK_CUR)
        return
    while size:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            raise MalformedError(_TRUNCATED)
        size -= len(chunk)


def excerpt(file: Binary, size: int) -> bytes:
    """Return the next `size` bytes, or the first and the last 64 KiB of them."""
    if size <= 2 * _CHUNK:
        return read_exactly(file, size)
    first = read_exactly(file, _CHUNK)
    skip(file, size - 2 * _CHUNK)
    return first + read_exactly(file, _CHUNK)
