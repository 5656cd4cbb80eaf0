"""Finds the dependency groups that no stage uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.checks.shared.facts import UnusedGroup
from poetry_fti.config.groups import closure
from poetry_fti.config.messages import dotted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.operations.project import Project


def unused_groups(project: Project) -> tuple[UnusedGroup, ...]:
    """Return the groups that no stage uses, without those that others of them include."""
    groups = project.groups
    used = {name for stage in project.stages for name in stage.stage.locked_groups}
    unused = groups.keys() - used
    included = {name for group in unused for name in closure(groups[group], groups)}
    return tuple(_group(name, project.pyproject) for name in sorted(unused - included))


def _group(name: NormalizedName, pyproject: Mapping[str, Any]) -> UnusedGroup:
    poetry = pyproject.get("tool", {}).get("poetry", {}).get("group", {})
    tables = {canonicalize_name(each): (each, table) for each, table in poetry.items()}
    standard = {canonicalize_name(each): each for each in pyproject.get("dependency-groups", {})}
    written, table = tables.get(name, (name, {}))
    return UnusedGroup(
        name=name,
        path=(
            dotted("dependency-groups", standard[name])
            if name in standard
            else dotted("tool", "poetry", "group", written)
        ),
        is_optional=bool(table.get("optional")),
    )
