"""Versions grouped by package, as alignment, rules and comparison use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.locked_version import LockedVersion

# A lock may contain several versions of a package, each for a part of the targets.
Versions: TypeAlias = "Mapping[NormalizedName, tuple[Version, ...]]"
# The same with the origins of the versions.
LockedVersions: TypeAlias = "Mapping[NormalizedName, tuple[LockedVersion, ...]]"


def group_versions(
    pairs: Iterable[tuple[NormalizedName, Version]],
) -> dict[NormalizedName, tuple[Version, ...]]:
    """Return the distinct versions of each package, ascending, from pairs of name and version."""
    versions: dict[NormalizedName, set[Version]] = {}
    for name, version in pairs:
        versions.setdefault(name, set()).add(version)
    return {name: tuple(sorted(found)) for name, found in versions.items()}


def group_locked(
    pairs: Iterable[tuple[NormalizedName, LockedVersion]],
) -> dict[NormalizedName, tuple[LockedVersion, ...]]:
    """Return the distinct locked versions of each package, ascending, from pairs with its name."""
    found: dict[NormalizedName, dict[LockedVersion, None]] = {}
    for name, locked in pairs:
        found.setdefault(name, {})[locked] = None
    return {
        # Most packages have one version, and the text of its origin is not needed.
        name: tuple(sorted(each, key=_order) if len(each) > 1 else each)
        for name, each in found.items()
    }


def _order(locked: LockedVersion) -> tuple[Version, str]:
    return locked.version, str(locked.origin)


def locked_by_name(
    packages: Iterable[LockedPackage],
) -> dict[NormalizedName, tuple[LockedVersion, ...]]:
    """Return the locked versions of each package, ascending, by name."""
    return group_locked((package.name, package.locked_version) for package in packages)


def covers(one: Collection[LockedVersion], other: Collection[LockedVersion]) -> bool:
    """Return whether each locked version of `other` agrees with one of `one`."""
    return all(any(a.agrees_with(b) for a in one) for b in other)


def equivalent(one: Collection[LockedVersion], other: Collection[LockedVersion]) -> bool:
    """Return whether each locked version of either side agrees with one of the other side."""
    return covers(one, other) and covers(other, one)
