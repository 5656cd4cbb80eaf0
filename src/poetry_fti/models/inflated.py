"""Decompression of files that pickle and joblib write, in constant memory."""

from __future__ import annotations

import bz2
import lzma
import zlib
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, Any, Final, Protocol

from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_CHUNK: Final = 64 << 10
_LARGEST: Final = 2 << 30  # bytes after decompression, which take a few seconds
_MEMORY: Final = 100 << 20  # for LZMA's dictionary
_ZFILE_HEADER: Final = 21  # joblib before 0.9.3: `ZF` and the length as hexadecimal digits


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """A decompressor of zlib with the interface of those of bz2 and lzma."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


_FORMATS: Final[Mapping[bytes, Callable[[], _Decompressor]]] = {
    **dict.fromkeys(
        (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"), lambda: _Zlib(zlib.MAX_WBITS)
    ),
    b"ZF0x": lambda: _Zlib(zlib.MAX_WBITS),
    b"\x1f\x8b": lambda: _Zlib(zlib.MAX_WBITS | 16),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lambda: lzma.LZMADecompressor(memlimit=_MEMORY),
    b"\x5d\x00\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY),
}
_LZ4: Final = b"\x04\x22\x4d\x18"


def is_compressed(head: bytes) -> bool:
    """Return whether a file that begins with `head` is compressed in a way that joblib supports."""
    return head.startswith((*_FORMATS, _LZ4))


def inflated(file: BufferedReader, head: bytes) -> BufferedReader:
    """Return the decompressed content of a compressed file that begins with `head`.

    Reading it raises MalformedError for damaged data, and after 2 GiB. LZ4 is not supported, and
    raises MalformedError at once.
    """
    if head.startswith(_LZ4):
        raise MalformedError("LZ4 compression is not supported")
    make = next(make for magic, make in _FORMATS.items() if head.startswith(magic))
    file.seek(_ZFILE_HEADER if head.startswith(b"ZF") else 0)
    return BufferedReader(_Inflated(file, make()), _CHUNK)


class _Inflated(RawIOBase):
    """The content of a compressed file."""

    def __init__(self, file: BufferedReader, decompressor: _Decompressor) -> None:
        super().__init__()
        self._file = file
        self._decompressor = decompressor
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - Buffer is in typing since Python 3.12
        view = memoryview(buffer)
        data = self._more(len(view))
        view[: len(data)] = data
        self._total += len(data)
        if self._total > _LARGEST:
            raise MalformedError("it expands to more than 2 GiB")
        return len(data)

    def _more(self, size: int) -> bytes:
        packed = b""
        while not self._decompressor.eof:
            try:
                data = self._decompressor.decompress(packed, size)
            except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
                raise MalformedError("its compressed data is damaged") from error
            if data:
                return data
            packed = self._file.read(_CHUNK)
            if not packed and not self._decompressor.eof:
                raise MalformedError("it is truncated")
        return b""
