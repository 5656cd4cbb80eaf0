"""Versions grouped by package, as alignment, rules and comparison use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

# A lock may contain several versions of a package, each for a part of the targets.
Versions: TypeAlias = "Mapping[NormalizedName, tuple[Version, ...]]"


def group_versions(
    pairs: Iterable[tuple[NormalizedName, Version]],
) -> dict[NormalizedName, tuple[Version, ...]]:
    """Return the distinct versions of each package, ascending, from pairs of name and version."""
    versions: dict[NormalizedName, set[Version]] = {}
    for name, version in pairs:
        versions.setdefault(name, set()).add(version)
    return {name: tuple(sorted(found)) for name, found in versions.items()}
