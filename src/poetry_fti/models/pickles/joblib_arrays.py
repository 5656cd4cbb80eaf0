"""Arrays that joblib writes into a pickle, after the instruction that builds their wrapper."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickles.values import UNKNOWN, DType, Global
from poetry_fti.models.stream import read_exactly, skip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.models.pickles.values import Value
    from poetry_fti.models.stream import Binary

WRAPPER: Final = Global("joblib.numpy_pickle", "NumpyArrayWrapper")
KEYS: Final = frozenset({"shape", "dtype", "numpy_array_alignment_bytes"})


def kept(value: Value) -> Value:
    """Return a value of the state of an array's wrapper, or `UNKNOWN` if it is of no interest."""
    if isinstance(value, tuple):
        return tuple(each if isinstance(each, int) else UNKNOWN for each in value)
    return value if isinstance(value, int | DType) else UNKNOWN


def has_objects(state: Mapping[str, Value]) -> bool:
    """Return whether an array contains Python objects; a pickle of its own follows then."""
    dtype = state.get("dtype")
    return isinstance(dtype, DType) and dtype.has_objects


def skip_array(file: Binary, state: Mapping[str, Value]) -> None:
    """Move to the instruction after the elements of an array, whose wrapper has a state.

    Raises MalformedError if the array's size is not known.
    """
    dtype, shape = state.get("dtype"), state.get("shape")
    if not isinstance(dtype, DType) or dtype.size is None or not isinstance(shape, tuple):
        raise MalformedError("the size of an array in it is not known")
    counts = [each for each in shape if isinstance(each, int) and each >= 0]
    if len(counts) != len(shape):
        raise MalformedError("the shape of an array in it is not valid")
    if isinstance(state.get("numpy_array_alignment_bytes"), int):
        skip(file, read_exactly(file, 1)[0])
    skip(file, prod(counts) * dtype.size)
