"""Private names of poetry-core's packages and dependencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from packaging.utils import canonicalize_name

from poetry_fti.bridge.internals.private_name import PrivateName

if TYPE_CHECKING:
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.specification import PackageSpecification

    _Named = TypeVar("_Named", bound=PackageSpecification)


def _specification(name: str, relied_on: str) -> PrivateName:
    return PrivateName(
        module="poetry.core.packages.specification",
        owner="PackageSpecification",
        name=name,
        kind="attribute",
        use="solving",
        relied_on=relied_on,
    )


def _dependency(name: str, relied_on: str) -> PrivateName:
    return PrivateName(
        module="poetry.core.packages.dependency",
        owner="Dependency",
        name=name,
        kind="attribute",
        use="solving",
        relied_on=relied_on,
    )


_READ: Final = "Provider.search_for_direct_origin_dependency() sets it on a dependency."
NAMES: Final = (
    _specification("_name", "The normalized name; all others derive from it and _pretty_name."),
    _specification("_pretty_name", "The name as it is written."),
    _specification("_source_type", 'LegacyRepository.package() sets it to "legacy".'),
    _specification("_source_url", "LegacyRepository.package() sets it to the index's URL."),
    _specification("_source_reference", f"LegacyRepository.package() sets it to a name. {_READ}"),
    _specification("_source_resolved_reference", f"The commit of a git dependency. {_READ}"),
    _specification("_source_subdirectory", f"The subdirectory of a git dependency. {_READ}"),
    _dependency("_constraint", f"The version of a direct reference. {_READ}"),
    _dependency("_pretty_constraint", f"Its version as text. {_READ}"),
)


def rename(named: _Named, name: str) -> None:
    """Rename a package or a dependency."""
    named._pretty_name = name
    named._name = canonicalize_name(name)


def set_index(package: Package, url: str, name: str) -> None:
    """Set the index that a package comes from, as `LegacyRepository.package` does."""
    package._source_type = "legacy"
    package._source_url = url
    package._source_reference = name


def copy_found_version(source: Dependency, target: Dependency) -> None:
    """Copy what Poetry sets on a direct reference when it has read the package."""
    target._constraint = source._constraint
    target._pretty_constraint = source._pretty_constraint
    target._source_reference = source._source_reference
    target._source_resolved_reference = source._source_resolved_reference
    target._source_subdirectory = source._source_subdirectory
