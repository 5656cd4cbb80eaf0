"""How many cases a test goes through: a few, or all where ``TEST_CASES`` is ``all``, as in CI."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

ALL: Final = os.environ.get("TEST_CASES") == "all"
_SHARE: Final = 50


def examples(number: int) -> int:
    """Return how many examples Hypothesis generates where `number` of them are all."""
    return number if ALL else max(1, number // _SHARE)


def sampled(items: Sequence[T]) -> Sequence[T]:
    """Return all items, or every fiftieth of them."""
    return items if ALL else items[::_SHARE]
