"""Finds the dependency group of a stage that `add` or `remove` edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.groups import required_names
from poetry_fti.config.messages import stage_path
from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.model.stage import Stage
    from poetry_fti.operations.stage import ProjectStage


def written_name(pyproject: Mapping[str, Any], group: NormalizedName) -> str:
    """Return the name of an existing group as it is spelled in pyproject.toml."""
    return next(name for name in written_groups(pyproject) if canonicalize_name(name) == group)


def written_groups(pyproject: Mapping[str, Any]) -> set[str]:
    """Return the names of all groups as they are spelled in pyproject.toml."""
    poetry = pyproject.get("tool", {}).get("poetry", {}).get("group", {})
    return {*pyproject.get("dependency-groups", {}), *poetry}


def chosen_group(stage: Stage, wanted: str | None) -> NormalizedName:
    """Return the group of a stage to edit.

    That is the `wanted` one, or if it is None, the group named like the stage, else its first.
    Raises ConfigError if the stage does not have the wanted group, or has no group.
    """
    if wanted is not None:
        group = canonicalize_name(wanted)
        if group in stage.locked_groups:
            return group
        names = ", ".join(stage.locked_groups)
        raise ConfigError(
            f'The stage "{stage.name}" has no group "{wanted}" (groups: {names}). Add it to'
            f" `groups` in [{stage_path(stage.name)}], or to `dev-groups` if it is for development"
            " only."
        )
    if not stage.groups:
        path = f"tool.fti.stages.{stage.name}.groups"
        raise ConfigError(f'The stage "{stage.name}" has no group. Add one to {path}.')
    own = canonicalize_name(stage.name)
    return own if own in stage.groups else stage.groups[0]


def requiring_group(
    stage: ProjectStage, pyproject: Mapping[str, Any], packages: Sequence[str]
) -> NormalizedName:
    """Return the first group in a stage's `groups` that requires all of these packages.

    Raises ConfigError if there is none; the message names what requires the packages instead.
    """
    wanted = {canonicalize_name(package): package for package in packages}
    groups = stage.stage.groups
    required = {group: set(required_names(pyproject, group)) for group in stage.stage.locked_groups}
    for group in groups:
        if wanted.keys() <= required[group]:
            return group
    for name, written in wanted.items():
        requiring = [group for group in required if name in required[group]]
        if not requiring:
            raise ConfigError(_elsewhere(stage, name, written))
        if not set(requiring) & set(groups):
            raise ConfigError(
                f'"{written}" is in the group "{requiring[0]}", which other stages may include.'
                f" Edit it with `--group {requiring[0]}`."
            )
    raise ConfigError("The packages are in several groups. Select one with `--group`.")


def _elsewhere(stage: ProjectStage, name: NormalizedName, written: str) -> str:
    if name in {dependency.name for dependency in stage.derived.package().requires}:
        return (
            f'"{written}" is a dependency of the project, and thereby of every stage.'
            f" Remove it with `poetry remove {written}`."
        )
    if name in stage.versions:
        return f'"{written}" is not a dependency of "{stage.name}", but of one of its packages.'
    return f'"{written}" is not a dependency of "{stage.name}".'
