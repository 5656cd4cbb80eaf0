"""The requirements of locked packages and of derived projects, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import parse_constraint

from poetry_fti.bridge.lock.locker import dependency_tables
from poetry_fti.bridge.markers import parsed_marker
from poetry_fti.model import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.bridge.markers import Narrowing


def direct_requirements(package: ProjectPackage) -> tuple[Requirement, ...]:
    """Return the direct (not transitive) requirements of a derived project."""
    return tuple(map(dependency_requirement, package.all_requires))


def locked_requirements(
    packages: list[dict[str, Any]], narrow: Narrowing
) -> Mapping[tuple[str, str], tuple[Requirement, ...]]:
    """Return the requirements of each package entry of a lock, by its name and version.

    Requirements whose marker can never be true under `narrow` are left out.
    """
    return {
        (canonicalize_name(info["name"]), info["version"]): tuple(_requires(info, narrow))
        for info in packages
    }


def _requires(info: Mapping[str, Any], narrow: Narrowing) -> Iterator[Requirement]:
    for name, table in dependency_tables(info):
        # An optional dependency applies only with an extra, and the lock does not record which
        # extras are selected.
        if not (table.get("optional") or _never(table.get("markers", ""), narrow)):
            yield _requirement(name, table.get("version"))


def _never(marker: str, narrow: Narrowing) -> bool:
    return narrow(parsed_marker(marker)).is_empty()


def dependency_requirement(dependency: Dependency) -> Requirement:
    """Return a dependency of Poetry's as a requirement, without its marker."""
    direct = dependency.is_direct_origin()
    return _requirement(dependency.name, None if direct else str(dependency.constraint))


def _requirement(name: str, constraint: str | None) -> Requirement:
    """Return a requirement for a Poetry constraint; None stands for a direct reference."""
    if constraint is None:
        return Requirement(name=canonicalize_name(name), ranges=(), direct=True)
    ranges = str(parse_constraint(constraint)).split(" || ")
    return Requirement(name=canonicalize_name(name), ranges=tuple(map(_specifiers, ranges)))


def _specifiers(constraint: str) -> SpecifierSet:
    # Poetry writes the constraint on one version without an operator.
    exact = constraint[:1].isdigit()
    return SpecifierSet("" if constraint == "*" else f"=={constraint}" if exact else constraint)
