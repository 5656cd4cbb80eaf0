"""What only Poetry knows about a pyproject.toml."""

from __future__ import annotations

from typing import Final

from poetry_fti.bridge.project.overrides import constraint_problems
from poetry_fti.bridge.project.pyproject import project_extras, schema_problems
from poetry_fti.config.pyproject import PoetryChecks

POETRY_CHECKS: Final = PoetryChecks(
    extras=project_extras,
    schema_problems=schema_problems,
    constraint_problems=constraint_problems,
)
