"""The wire format of Protocol Buffers, read field by field in little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.stream import read_exactly, skip

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.models.stream import Binary

_LONGEST_VARINT: Final = 10  # bytes
_MOST_FIELDS: Final = 1_000_000
_LONGEST: Final = 64 << 10  # bytes of a value that is kept


def fields(file: Binary) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field up to the end of a message.

    A value of more than 64 KiB is skipped. Raises MalformedError if the message is damaged or has
    more than a million fields.
    """
    for _ in range(_MOST_FIELDS):
        first = file.read(1)
        if not first:
            return
        tag = _varint(file, first)
        match tag & 7:
            case 0:
                yield tag >> 3, _varint(file, read_exactly(file, 1))
            case 1:
                skip(file, 8)
            case 2:
                size = _varint(file, read_exactly(file, 1))
                if size <= _LONGEST:
                    yield tag >> 3, read_exactly(file, size)
                else:
                    skip(file, size)
            case 5:
                skip(file, 4)
            case _:
                raise MalformedError("it has a field of an unknown type")
    raise MalformedError(f"it has more than {_MOST_FIELDS:,} fields")


def _varint(file: Binary, first: bytes) -> int:
    """Return an integer of seven bits a byte, whose first byte has been read."""
    value, byte = first[0] & 127, first[0]
    for position in range(1, _LONGEST_VARINT):
        if byte < 128:  # noqa: PLR2004 - the highest bit
            return value
        byte = read_exactly(file, 1)[0]
        value |= (byte & 127) << (7 * position)
    if byte < 128:  # noqa: PLR2004
        return value
    raise MalformedError("it has an integer of more than 10 bytes")
