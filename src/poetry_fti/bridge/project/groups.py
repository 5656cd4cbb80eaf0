"""The requirements of a single dependency group, as they are written in pyproject.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName


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
