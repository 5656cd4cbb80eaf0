"""The requirements of dependency groups, as they are written in pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency

from poetry_fti.config.messages import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.bridge.project.derived_stage import DerivedStage


def required_names(pyproject: Mapping[str, Any], group: NormalizedName) -> Iterator[NormalizedName]:
    """Yield the names of the packages that a group itself requires, without included groups."""
    for name, items in pyproject.get("dependency-groups", {}).items():
        if canonicalize_name(name) == group:
            yield from (
                Dependency.create_from_pep_508(item).name for item in items if isinstance(item, str)
            )
    for name, table in pyproject.get("tool", {}).get("poetry", {}).get("group", {}).items():
        if canonicalize_name(name) == group:
            yield from map(canonicalize_name, table.get("dependencies", {}))


def ignored_requirements(derived: DerivedStage) -> Iterator[str]:
    """Yield a warning for each requirement of a stage in `[tool.poetry.group]` that has no effect.

    Poetry takes the requirements there as details of those in the group of `[dependency-groups]`.
    """
    groups: Mapping[str, Any] = derived.data["tool"]["poetry"].get("group", {})
    if not groups:
        return
    package = derived.package()
    for name, group in groups.items():
        required = {each.name for each in package.dependency_group(name).dependencies_for_locking}
        for each in group.get("dependencies", {}):
            if canonicalize_name(each) not in {*required, "python"}:
                path = dotted("tool", "poetry", "group", name, "dependencies", each)
                yield (
                    f"{path}: Poetry ignores the requirement,"
                    f' because the array "{name}" in dependency-groups does not contain it.'
                    " Add it there, or remove it here."
                )
