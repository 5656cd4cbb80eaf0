"""What only Poetry knows about a pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.project.pyproject import project_extras, schema_problems
from poetry_fti.bridge.project.requirements.problems import wrong_constraint
from poetry_fti.config.pyproject import PoetryChecks
from poetry_fti.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


def constraint_problems(constraints: Iterable[tuple[str, str]]) -> list[Problem]:
    """Return the problems of constraints, each of which follows the dotted path of its key."""
    return [
        Problem(path, f'"{text}" {message}')
        for path, text in constraints
        if (message := wrong_constraint(text))
    ]


POETRY_CHECKS: Final = PoetryChecks(
    extras=project_extras,
    schema_problems=schema_problems,
    constraint_problems=constraint_problems,
)
