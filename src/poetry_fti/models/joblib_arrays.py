"""Arrays that joblib writes into a pickle, after the instruction that builds their wrapper."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Final

from poetry_fti.models.malformed import MalformedError
from poetry_fti.models.pickle_values import DType, Global
from poetry_fti.models.stream import read_exactly, skip

if TYPE_CHECKING:
    from poetry_fti.models.pickle_values import Instance
    from poetry_fti.models.stream import Binary

WRAPPER: Final = Global("joblib.numpy_pickle", "NumpyArrayWrapper")
KEYS: Final = frozenset({"shape", "dtype", "numpy_array_alignment_bytes"})


def has_objects(wrapper: Instance) -> bool:
    """Return whether an array contains Python objects; a pickle of its own follows then."""
    dtype = wrapper.state.get("dtype")
    return isinstance(dtype, DType) and dtype.has_objects


def skip_array(file: Binary, wrapper: Instance) -> None:
    """Move to the instruction after the elements of an array.

    Raises MalformedError if the array's size is not known.
    """
    dtype, shape = wrapper.state.get("dtype"), wrapper.state.get("shape")
    if not isinstance(dtype, DType) or dtype.size is None or not isinstance(shape, tuple):
        raise MalformedError("the size of an array in it is not known")
    counts = [each for each in shape if isinstance(each, int) and each >= 0]
    if len(counts) != len(shape):
        raise MalformedError("the shape of an array in it is not valid")
    if isinstance(wrapper.state.get("numpy_array_alignment_bytes"), int):
        skip(file, read_exactly(file, 1)[0])
    skip(file, prod(counts) * dtype.size)
