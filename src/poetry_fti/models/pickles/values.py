"""What the simulation of a pickle knows about the values on its stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

_OBJECT_FLAG: Final = 1  # of numpy's dtype: the array contains Python objects
_STATE_OF_STRUCTURE: Final = 8  # the length of a dtype's state without metadata


class Unknown:
    """A value that is not of interest; `UNKNOWN` is the only one."""


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Global:
    """A class or function, by the names that pickle imports it with."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


class ArrayWrapper:
    """An array of joblib, before its state is known."""


@dataclass(slots=True)
class DType:
    """The element type of a numpy array: its size in bytes, or None if that is not known."""

    size: int | None
    has_objects: bool = False


Value: TypeAlias = (
    "Unknown | Global | ArrayWrapper | DType | str | bytes | int | tuple[Value, ...]"
    " | dict[str, Value]"
)

_UNICODE_BYTES: Final = 4  # of a character in an array of strings


def dtype_of(arguments: Sequence[Value]) -> DType:
    """Return the element type that `numpy.dtype` returns for the arguments in a pickle."""
    code = arguments[0] if arguments else UNKNOWN
    if not isinstance(code, str) or not code:
        return DType(None)
    kind, digits = code[0], code[1:]
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None  # noqa: PLR2004
    if number is None:
        return DType(None, kind == "O")
    return DType(number * (_UNICODE_BYTES if kind == "U" else 1), kind == "O")


def build_dtype(dtype: DType, state: Value) -> None:
    """Apply the state of a numpy dtype: structured types may contain objects."""
    if isinstance(state, tuple) and len(state) >= _STATE_OF_STRUCTURE:
        flags = state[7]
        if isinstance(flags, int) and flags & _OBJECT_FLAG:
            dtype.has_objects = True


def without_nested(value: Value) -> Value:
    """Return a value, or `UNKNOWN` for one that may contain any number of others."""
    return UNKNOWN if isinstance(value, tuple | dict) else value
