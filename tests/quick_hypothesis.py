"""Hypothesis without what takes long in it and finds little."""

from __future__ import annotations

from hypothesis.internal.conjecture import providers
from hypothesis.internal.conjecture.engine import ConjectureRunner

import cases


def use_no_constants() -> None:
    """Generate examples from strategies alone, unless all of them are generated.

    Reading the constants of our modules takes a third of a second, and few examples contain one.
    """
    if not cases.ALL:
        known = vars(providers)
        known["_get_local_constants"] = lambda: known["_local_constants"]


def use_no_mutations() -> None:
    """Draw each example anew.

    Hypothesis changes each example up to five times by repeating a part of it, so that only a
    quarter of the examples are independent. Finding such parts takes as long as drawing others.
    """
    ConjectureRunner.generate_mutations_from = lambda *_: None  # type: ignore[method-assign]
