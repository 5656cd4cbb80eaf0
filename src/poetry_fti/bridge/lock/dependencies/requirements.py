"""The requirements of locked packages and of derived projects, as plain data."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import parse_constraint

from poetry_fti.bridge.lock.locker import dependency_tables
from poetry_fti.bridge.markers import Narrowing, parsed_marker
from poetry_fti.model.lock import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.model.platforms import Targets


def direct_requirements(package: ProjectPackage, targets: Targets) -> tuple[Requirement, ...]:
    """Return the direct (not transitive) requirements of a derived project.

    Requirements that apply on none of the targets and Pythons are left out.
    """
    narrow = Narrowing(targets, package.python_constraint)
    return tuple(
        dependency_requirement(dependency)
        for dependency in package.all_requires
        if not narrow(dependency.marker).is_empty()
    )


def locked_requirements(
    packages: list[dict[str, Any]], narrow: Narrowing
) -> Mapping[tuple[str, str], tuple[Requirement, ...]]:
    """Return the requirements of each package entry of a lock, by its name and version.

    Requirements whose marker can never be true under `narrow` are left out.
    """
    return {
        (canonicalize_name(info["name"]), info["version"]): tuple(table_requirements(info, narrow))
        for info in packages
    }


def table_requirements(info: Mapping[str, Any], narrow: Narrowing) -> Iterator[Requirement]:
    """Yield the requirements of a package entry of a lock that can apply under `narrow`."""
    for name, table in dependency_tables(info):
        marker, optional = table.get("markers", ""), table.get("optional", False)
        found = _requirement(name, table.get("version"), marker, narrow, optional=optional)
        if found is not None:
            yield found


@lru_cache(8192)
def _requirement(
    name: str, constraint: str | None, marker: str, narrow: Narrowing, *, optional: bool
) -> Requirement | None:
    """Return a requirement of a locked package; None if it does not apply under `narrow`."""
    if not _applies(parsed_marker(marker), narrow, optional=optional):
        return None
    return Requirement(
        name=canonicalize_name(name), ranges=_ranges(constraint), direct=constraint is None
    )


def table_requirement(name: str, table: Mapping[str, Any]) -> Requirement:
    """Return the requirement that a table in a lock describes, without its marker."""
    constraint = table.get("version")
    return Requirement(
        name=canonicalize_name(name), ranges=_ranges(constraint), direct=constraint is None
    )


def solved_requirements(package: Package, narrow: Narrowing) -> tuple[Requirement, ...]:
    """Return the requirements of a package in a solution.

    Requirements whose marker can never be true under `narrow` are left out.
    """
    return tuple(
        dependency_requirement(each)
        for each in package.requires
        if _applies(each.marker, narrow, optional=each.is_optional())
    )


def _applies(marker: BaseMarker, narrow: Narrowing, *, optional: bool) -> bool:
    # Of optional requirements, locks contain only those of extras that are selected.
    return not narrow(marker.without_extras() if optional else marker).is_empty()


def dependency_requirement(dependency: Dependency) -> Requirement:
    """Return a dependency of Poetry's as a requirement, without its marker."""
    direct = dependency.is_direct_origin()
    return Requirement(
        name=dependency.name,
        ranges=_ranges(None if direct else str(dependency.constraint)),
        direct=direct,
        source=dependency.source_name or "",
        prereleases=bool(dependency.allows_prereleases()),
    )


@cache
def _ranges(constraint: str | None) -> tuple[SpecifierSet, ...]:
    """Return the ranges of a Poetry constraint; none for None, a direct reference."""
    if constraint is None:
        return ()
    return tuple(map(_specifiers, str(parse_constraint(constraint)).split(" || ")))


def _specifiers(constraint: str) -> SpecifierSet:
    # Poetry writes the constraint on one version without an operator.
    exact = constraint[:1].isdigit()
    return SpecifierSet("" if constraint == "*" else f"=={constraint}" if exact else constraint)
