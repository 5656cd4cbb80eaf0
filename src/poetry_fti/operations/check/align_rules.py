"""Gathers the rules of `[[tool.fti.align]]` with the names in them that match no package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.checks.shared.facts import AlignRule
from poetry_fti.operations.locking.unmatched import unmatched_patterns

if TYPE_CHECKING:
    from poetry_fti.operations.project import Project


def align_rules(project: Project) -> list[AlignRule]:
    """Return the rules in the order of pyproject.toml."""
    unmatched = unmatched_patterns(project)
    return [
        AlignRule(
            path=f"tool.fti.align[{index}]",
            rule=rule,
            unmatched=tuple((each.position, each.text) for each in unmatched if each.rule == index),
        )
        for index, rule in enumerate(project.all_rules)
    ]
