"""Hypothesis without the constants of our modules, which it parses in each process."""

from __future__ import annotations

from hypothesis.internal.conjecture import providers

import cases


def use_no_constants() -> None:
    """Generate examples from strategies alone, unless all of them are generated.

    Reading the constants takes a third of a second, and few examples contain one.
    """
    if not cases.ALL:
        known = vars(providers)
        known["_get_local_constants"] = lambda: known["_local_constants"]
