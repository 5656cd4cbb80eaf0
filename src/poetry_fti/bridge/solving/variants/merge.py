"""Merging the solutions of a stage's variants into one: each package once, with exact markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.version.markers import EmptyMarker

from poetry_fti.bridge.index.releases import with_requires
from poetry_fti.bridge.markers import parsed_marker
from poetry_fti.bridge.solving.variants.variant_targets import covering_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package
    from poetry.core.version.markers import BaseMarker
    from poetry.packages.transitive_package_info import TransitivePackageInfo

    from poetry_fti.bridge.markers import Narrowing
    from poetry_fti.bridge.solving.solution import SolvedPackages
    from poetry_fti.bridge.solving.variants.variant_targets import VariantTargets


def merged(
    variants: Sequence[tuple[VariantTargets, SolvedPackages]], narrow: Narrowing
) -> SolvedPackages:
    """Return the packages of all variants, given as pairs of a variant's targets and its packages.

    The variants are a division of the stage's targets; `narrow` simplifies markers for all of them.
    """
    found: dict[Package, dict[VariantTargets, tuple[Package, TransitivePackageInfo]]] = {}
    for variant, packages in variants:
        for package, info in packages.items():
            found.setdefault(package, {})[variant] = (package, info)
    every = [variant for variant, _ in variants]

    def marker_of(some: Sequence[VariantTargets]) -> BaseMarker:
        return narrow(parsed_marker(covering_marker(some, every)))

    return dict(_merged(each, len(variants), marker_of) for each in found.values())


def _merged(
    entries: Mapping[VariantTargets, tuple[Package, TransitivePackageInfo]],
    variants: int,
    marker_of: Callable[[Sequence[VariantTargets]], BaseMarker],
) -> tuple[Package, TransitivePackageInfo]:
    (package, info), *others = entries.values()
    requires = list(package.requires)
    for other, other_info in others:
        info.depth = max(info.depth, other_info.depth)
        info.groups = info.groups | other_info.groups
        for dependency in other.requires:
            if all(d != dependency or d.marker != dependency.marker for d in requires):
                requires.append(dependency)
    by_variant = {variant: each.markers for variant, (_, each) in entries.items()}
    info.markers = {
        group: _marker(group, by_variant, variants, marker_of) for group in sorted(info.groups)
    }
    requires.sort(key=lambda dependency: (dependency.name, str(dependency.marker)))
    return with_requires(package, requires), info


def _marker(
    group: NormalizedName,
    by_variant: Mapping[VariantTargets, Mapping[NormalizedName, BaseMarker]],
    variants: int,
    marker_of: Callable[[Sequence[VariantTargets]], BaseMarker],
) -> BaseMarker:
    """Return the marker under which a group contains a package, for all variants together."""
    variants_by_marker: dict[BaseMarker, list[VariantTargets]] = {}
    for variant, markers in by_variant.items():
        if group in markers:
            variants_by_marker.setdefault(markers[group], []).append(variant)
    result: BaseMarker = EmptyMarker()
    for marker, found in variants_by_marker.items():
        inside = marker if len(found) == variants else marker.intersect(marker_of(found))
        result = result.union(inside)
    return result
