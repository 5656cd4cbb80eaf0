"""Poetry packages made from the metadata of releases, with requirements parsed once."""

from __future__ import annotations

from collections import Counter
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from poetry.core.packages.dependency_group import DependencyGroup
from poetry.core.packages.package import Package
from poetry.core.version.markers import InvalidMarkerError
from poetry.core.version.requirements import InvalidRequirementError
from poetry.repositories.legacy_repository import LegacyRepository

from poetry_fti.bridge.index.requirements import parsed_requirement
from poetry_fti.bridge.internals.packages import set_index

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version
    from poetry.core.packages.dependency import Dependency
    from poetry.inspection.info import PackageInfo
    from poetry.repositories.http_repository import HTTPRepository

_Package = TypeVar("_Package", bound=Package)
_Dependency = TypeVar("_Dependency", bound="Dependency")


def candidate(
    index: HTTPRepository, name: NormalizedName, version: Version, *, yanked: str | bool
) -> Package:
    """Return a release as an index's page lists it: without requirements.

    `yanked` is true or the reason if the release is yanked. Relies on what `find_packages` of
    Poetry's two kinds of indexes gives.
    """
    if not isinstance(index, LegacyRepository):
        return Package(name, version, yanked=yanked)
    return Package(
        name,
        version,
        source_type="legacy",
        source_url=index.url,
        source_reference=index.name,
        yanked=yanked,
    )


def exact_release(index: HTTPRepository, name: NormalizedName, info: PackageInfo) -> Package:
    """Return what `index.package` returns, made from metadata that was read before.

    Relies on the source that `LegacyRepository.package` adds.
    """
    package = info.to_package(name=name)
    if isinstance(index, LegacyRepository):
        set_index(package, index.url, index.name)
    return package


def release(index: HTTPRepository, name: NormalizedName, info: PackageInfo) -> Package:
    """Return what `exact_release` returns, with each requirement parsed once for all releases.

    Relies on `PackageInfo.to_package` for the order of requirements, each once, and for the
    list of them by extra.
    """
    try:
        requirements = [(text, parsed_requirement(text)) for text in info.requires_dist or ()]
    except (InvalidMarkerError, InvalidRequirementError):
        return exact_release(index, name, info)  # Poetry warns and leaves requirements out
    bare = copy(info)
    bare.requires_dist = []
    return _with_requirements(exact_release(index, name, bare), requirements)


@cache
def _identity(requirement: str) -> str:
    return parsed_requirement(requirement).to_pep_508(with_extras=True)


def _with_requirements(package: Package, requirements: list[tuple[str, Dependency]]) -> Package:
    extras: dict[NormalizedName, list[Dependency]] = {}
    added: set[str] = set()
    # Requirements with different names differ; their whole text takes long to make.
    names = Counter(dependency.complete_pretty_name for _, dependency in requirements)
    for text, dependency in requirements:
        for extra in dependency.in_extras:
            extras.setdefault(extra, []).append(dependency)
        identity = dependency.complete_pretty_name
        if names[identity] > 1:
            identity = _identity(text)
        if identity not in added:
            added.add(identity)
            package.add_dependency(dependency)
    package.extras = extras
    return package


def with_requires(package: _Package, requires: Iterable[Dependency]) -> _Package:
    """Return a copy of a package with copies of `requires` as its requirements.

    The solver changes the markers and sources of requirements in place.
    """
    copied = package.with_dependency_groups([], only=True)
    groups: dict[str, DependencyGroup] = {}
    for dependency in map(_cloned, requires):
        for name in dependency.groups:
            if name not in groups:
                groups[name] = DependencyGroup(name)
                copied.add_dependency_group(groups[name])
            groups[name].add_dependency(dependency)
    return copied


def _cloned(dependency: _Dependency) -> _Dependency:
    """Return what `clone` returns, for a fraction of the calls of the general `copy.copy`."""
    copied = object.__new__(type(dependency))
    vars(copied).update(vars(dependency))
    return copied
