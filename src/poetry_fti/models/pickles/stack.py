"""The stack of pickle's stack machine, in little memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickles.values import UNKNOWN

if TYPE_CHECKING:
    from poetry_fti.models.pickles.values import Value

_MOST_VALUES: Final = 1_000_000
# Values further down are replaced by `UNKNOWN`: they are elements of long tuples. Pickle adds the
# items of a dictionary in batches of 1,000, which are 2,000 values.
_MOST_KNOWN: Final = 2_500


class Stack:
    """Values, and marks between them, of which the topmost values are known."""

    def __init__(self) -> None:
        self._values: list[Value] = []
        self._marks: list[int] = []

    def push(self, value: Value) -> None:
        """Put a value on the stack; raise MalformedError if there are too many."""
        values = self._values
        values.append(value)
        if len(values) > _MOST_KNOWN:
            values[-_MOST_KNOWN - 1] = UNKNOWN
            if len(values) > _MOST_VALUES:
                raise MalformedError(f"it has more than {_MOST_VALUES:,} values at a time")

    def pop(self) -> Value:
        """Take the topmost value from the stack; raise MalformedError if there is none."""
        if self.is_at_mark() or not self._values:
            raise MalformedError("its instructions take a value from an empty stack")
        return self._values.pop()

    def top(self) -> Value:
        """Return the topmost value, which remains on the stack."""
        value = self.pop()
        self._values.append(value)
        return value

    def mark(self) -> None:
        """Remember the height of the stack; raise MalformedError if there are too many marks."""
        self._marks.append(len(self._values))
        if len(self._marks) > _MOST_VALUES:
            raise MalformedError(f"it has more than {_MOST_VALUES:,} marks at a time")

    def pop_mark(self) -> list[Value]:
        """Take all values above the last mark; raise MalformedError if there is none."""
        if not self._marks:
            raise MalformedError("its instructions use a mark that is not set")
        start = self._marks.pop()
        values = self._values[start:]
        del self._values[start:]
        return values

    def is_at_mark(self) -> bool:
        """Return whether there is no value above the last mark."""
        return bool(self._marks) and self._marks[-1] == len(self._values)
