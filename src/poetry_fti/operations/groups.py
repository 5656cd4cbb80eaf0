"""The dependency groups of a stage, to be edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency

from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model import Stage
    from poetry_fti.operations.stage import StageProject


def written_name(pyproject: Mapping[str, Any], group: NormalizedName) -> str:
    """Return a group's name as it is written."""
    return next(name for name in written_groups(pyproject) if canonicalize_name(name) == group)


def written_groups(pyproject: Mapping[str, Any]) -> set[str]:
    """Return the names of all groups, as they are written."""
    poetry = pyproject.get("tool", {}).get("poetry", {}).get("group", {})
    return {*pyproject.get("dependency-groups", {}), *poetry}


def chosen_group(stage: Stage, wanted: str | None) -> NormalizedName:
    """Return the group of a stage that is edited: that of its name, its first, or the wanted one.

    Raises ConfigError for a group that the stage has not.
    """
    if wanted is not None:
        group = canonicalize_name(wanted)
        if group in stage.locked_groups:
            return group
        names = ", ".join(stage.locked_groups)
        raise ConfigError(f'The stage "{stage.name}" has no group "{wanted}" (groups: {names}).')
    if not stage.groups:
        path = f"tool.fti.stages.{stage.name}.groups"
        raise ConfigError(f'The stage "{stage.name}" has no group: name one in {path}.')
    own = canonicalize_name(stage.name)
    return own if own in stage.groups else stage.groups[0]


def holding_group(
    each: StageProject, pyproject: Mapping[str, Any], packages: Sequence[str]
) -> NormalizedName:
    """Return which of the groups that a stage names asks for packages.

    Raises ConfigError, which says where they are instead, if none asks for all of them.
    """
    stage = each.stage
    wanted = {canonicalize_name(package): package for package in packages}
    asked = {group: set(asked_by(pyproject, group)) for group in stage.locked_groups}
    for group in stage.groups:
        if wanted.keys() <= asked[group]:
            return group
    for name, written in wanted.items():
        holding = [group for group in asked if name in asked[group]]
        if not holding:
            raise ConfigError(_elsewhere(each, name, written))
        if not set(holding) & set(stage.groups):
            raise ConfigError(
                f'"{written}" is in the group "{holding[0]}", which other stages may have, too:'
                f" name it with `--group {holding[0]}`."
            )
    raise ConfigError("The packages are in several groups: name one of them with `--group`.")


def _elsewhere(each: StageProject, name: NormalizedName, written: str) -> str:
    if name in {dependency.name for dependency in each.root().requires}:
        return (
            f'"{written}" is a dependency of the project, and so of every stage:'
            f" remove it with `poetry remove {written}`."
        )
    if name in each.versions:
        return f'"{written}" is no dependency of "{each.name}" itself, but of one of its packages.'
    return f'"{written}" is no dependency of "{each.name}".'


def asked_by(pyproject: Mapping[str, Any], group: NormalizedName) -> Iterator[NormalizedName]:
    """Yield the packages that a group itself asks for."""
    for name, items in pyproject.get("dependency-groups", {}).items():
        if canonicalize_name(name) == group:
            yield from (
                Dependency.create_from_pep_508(item).name for item in items if isinstance(item, str)
            )
    for name, table in pyproject.get("tool", {}).get("poetry", {}).get("group", {}).items():
        if canonicalize_name(name) == group:
            yield from map(canonicalize_name, table.get("dependencies", {}))
