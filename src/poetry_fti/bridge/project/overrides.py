"""Version constraints of the configuration, in the dialect that Poetry reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.constraints.version import parse_constraint

from poetry_fti.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


def constraint_problems(constraints: Iterable[tuple[str, str]]) -> list[Problem]:
    """Return what is wrong with constraints that each come after the path of their key."""
    return [
        Problem(path, f'"{text}" {message}')
        for path, text in constraints
        if (message := _wrong(text))
    ]


def _wrong(text: str) -> str:
    try:
        constraint = parse_constraint(text)
    except ValueError:
        return 'is not a version constraint such as ">=2,<3" or "*"'
    return "allows no version" if constraint.is_empty() else ""
