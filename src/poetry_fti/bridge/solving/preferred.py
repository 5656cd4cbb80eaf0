"""The releases that a solve tries before any others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from poetry.core.packages.package import Package

from poetry_fti.bridge.solving.budget import StepBudget

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version, VersionConstraint


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferredPackages:
    """What a solve prefers: the versions of `packages`, in their order, before any others.

    Packages in `latest` get the newest possible version instead. Packages in `allowed` get only
    versions that satisfy the constraint given there. Those in `foreign` are versions of other
    stages, which are preferred only if the stage could choose them itself. `budget` limits the
    solver's steps. Releases in `excluded` are never chosen; the faults of each are given there.
    """

    packages: Sequence[Package] = ()
    foreign: Sequence[Package] = ()
    latest: Collection[NormalizedName] = ()
    allowed: Mapping[NormalizedName, VersionConstraint] = field(default_factory=dict)
    budget: StepBudget = field(default_factory=StepBudget)
    excluded: Mapping[tuple[NormalizedName, Version], str] = field(default_factory=dict)


def as_preference(package: Package) -> Package:
    """Return a package as it is read from a lock, for the solver, which changes its requirements.

    A package from a path, a URL or a repository is returned itself; see
    `StageLocker.pinned_packages`.
    """
    if package.is_direct_origin():
        return package
    return Package(
        package.pretty_name,
        package.version,
        source_type=package.source_type,
        source_url=package.source_url,
        source_reference=package.source_reference,
    )


def is_unusual(package: Package) -> bool:
    """Return whether a solver chooses a release only if a requirement leaves no other choice."""
    return package.version.is_unstable() or bool(package.yanked)
