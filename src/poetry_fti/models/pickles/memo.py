"""The memo of pickle's stack machine, in little memory."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickles.values import UNKNOWN, DType, Global

if TYPE_CHECKING:
    from poetry_fti.models.pickles.values import Value

_MIB: Final = 1 << 20
_MOST_VALUES: Final = 2_500_000  # a vocabulary of that many words
_MOST_OBJECTS: Final = 100_000
_MOST_TEXT: Final = 32 * _MIB
_LENGTH_BITS: Final = 7
_LONGEST_TEXT: Final = (1 << _LENGTH_BITS) - 1  # bytes, more than names of classes have
_ABSENT: Final = -1
_NO_TEXT: Final = -2


class Memo:
    """The values that a pickle stores for later use, by index.

    Short strings, classes and element types are kept; what else is stored is `UNKNOWN`. A large
    model can have millions of strings, which take 8 bytes here in addition to their text.
    """

    def __init__(self) -> None:
        self._places = array("q")  # by index: the position of a string in `_text`, and its length
        self._text = bytearray()
        self._objects: dict[int, Global | DType] = {}
        self._count = 0

    def put(self, index: int | None, value: Value) -> None:
        """Store a value, by default under the number of values that are stored.

        Raises MalformedError if a limit is exceeded.
        """
        key = self._count if index is None else index
        self._reserve(key)
        self._objects.pop(key, None)
        self._places[key] = self._place(value) if isinstance(value, str) else _NO_TEXT
        if isinstance(value, Global | DType):
            self._objects[key] = value
        if len(self._text) > _MOST_TEXT:
            raise MalformedError(f"it stores more than {_MOST_TEXT // _MIB} MiB of text")
        if len(self._objects) > _MOST_OBJECTS:
            raise MalformedError(f"it stores more than {_MOST_OBJECTS:,} classes and types")

    def _place(self, text: str) -> int:
        data = text.encode()
        if len(data) > _LONGEST_TEXT:
            return _NO_TEXT
        place = len(self._text) << _LENGTH_BITS | len(data)
        self._text += data
        return place

    def _reserve(self, key: int) -> None:
        if key >= _MOST_VALUES:
            raise MalformedError(f"it stores more than {_MOST_VALUES:,} values")
        while len(self._places) <= key:
            self._places.append(_ABSENT)
        self._count += self._places[key] == _ABSENT

    def get(self, index: int) -> Value:
        """Return a stored value; raise MalformedError if there is none."""
        place = self._places[index] if 0 <= index < len(self._places) else _ABSENT
        if place == _ABSENT:
            raise MalformedError("its instructions use a value that is not stored")
        if place == _NO_TEXT:
            return self._objects.get(index, UNKNOWN)
        start, length = place >> _LENGTH_BITS, place & _LONGEST_TEXT
        return self._text[start : start + length].decode()
