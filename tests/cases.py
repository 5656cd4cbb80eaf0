"""How many cases a test goes through: a few, or more as the variable ``TEST_CASES`` has it.

It is ``all``, as in CI, or a number: so many times as many generated cases.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_ASKED: Final = os.environ.get("TEST_CASES", "")
ALL: Final = _ASKED == "all" or _ASKED.isdigit()
_TIMES: Final = int(_ASKED) if _ASKED.isdigit() else 1
_SHARE: Final = 50


def examples(number: int) -> int:
    """Return how many examples are generated where `number` of them are all."""
    return number * _TIMES if ALL else max(1, number // _SHARE)


def seeds(number: int) -> range:
    """Return the seeds of as many generated examples; a test's name shows the seed."""
    return range(examples(number))


def sampled(items: Sequence[T]) -> Sequence[T]:
    """Return all items, or every fiftieth of them."""
    return items if ALL else share(items)


def share(items: Sequence[T]) -> Sequence[T]:
    """Return every fiftieth item."""
    return items[::_SHARE]
