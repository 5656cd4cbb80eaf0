"""The Python versions that the code objects in a pickle of cloudpickle fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.models.pickles.values import Value

_BEFORE_311: Final = 16  # arguments of CodeType; Python 3.11 has added two
_SINCE_311: Final = 18
_CODE: Final = 6  # the position of the bytecode among the arguments
# The number of the instruction RESUME, which is near the start of all code since Python 3.11. The
# order matters: 149 comes before 151 in closures of Python 3.11 and 3.12, with another meaning.
_RESUME: Final[Mapping[int, str]] = {151: ">=3.11,<3.13", 149: ">=3.13,<3.14", 128: ">=3.14,<3.15"}
# Instructions that come before it in generators and closures.
_UNITS_READ: Final = 8


def python_of(arguments: Sequence[Value]) -> str | None:
    """Return a specifier of the Python versions that have such code objects, or None."""
    if len(arguments) == _BEFORE_311:
        return ">=3.8,<3.11"
    if len(arguments) != _SINCE_311:
        return None
    code = arguments[_CODE]
    units = code[: 2 * _UNITS_READ : 2] if isinstance(code, bytes) else b""
    return next((python for number, python in _RESUME.items() if number in units), ">=3.11")
