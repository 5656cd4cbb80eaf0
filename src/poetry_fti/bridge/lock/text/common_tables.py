"""The tables of packages in a lock, whose long parts are rendered once for several stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.bridge.internals.locker import package_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from poetry.core.packages.package import Package
    from poetry.packages.locker import Locker
    from poetry.packages.transitive_package_info import TransitivePackageInfo

# More releases than a large project has in all of its locks.
_MOST: Final = 4096
_PARTS: Final = ("files", "dependencies", "extras")


class Rendered(str):
    """The text of a value or of a table in a lock."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Common:
    """What the locks of several stages have in common of a package, which is kept alive."""

    package: Package
    parts: dict[str, Rendered]


# The packages of different stages share the objects that come from the index.
_COMMON: Final[dict[Hashable, _Common]] = {}


def rendered_tables(
    locker: Locker,
    packages: dict[Package, TransitivePackageInfo],
    render: Callable[[str, Any], Rendered],
) -> Iterator[dict[str, Any]]:
    """Yield a table for each package, as it is written to a lock.

    Its files, dependencies and extras, which take most of the time, are rendered by `render`, which
    gets the key and the value. Relies on what Poetry's locker writes of a package from an index:
    the three depend on the package, and all else of its table depends on none of the three.
    """
    by_position = {_position(package): package for package in packages}
    identities = {position: _identity(package) for position, package in by_position.items()}
    # Kept here, as the common ones are forgotten when there are too many.
    known = {at: _COMMON[each] for at, each in identities.items() if each in _COMMON}
    given = {
        _without_parts(each) if _position(each) in known else each: info
        for each, info in packages.items()
    }
    for table in package_tables(locker, given):
        source = table.get("source", {})
        position = (table["name"], table["version"], source.get("url"), source.get("reference"))
        if position in known:
            yield {**table, **known[position].parts}
            continue
        parts = {key: render(key, table[key]) for key in _PARTS if table.get(key)}
        identity = identities.get(position)
        if identity is not None:
            if len(_COMMON) >= _MOST:
                _COMMON.clear()
            _COMMON[identity] = _Common(by_position[position], parts)
        yield {**table, **parts}


def _position(package: Package) -> tuple[str, str, str | None, str | None]:
    """Return what identifies a package from an index in a lock."""
    return (
        package.pretty_name,
        package.pretty_version,
        package.source_url,
        package.source_reference,
    )


def _identity(package: Package) -> Hashable | None:
    """Return what the rendered parts of a package depend on; None if it may be only for a stage."""
    if package.is_direct_origin() or any(each.is_direct_origin() for each in package.requires):
        return None
    requires = tuple(
        (each.pretty_name, each.pretty_constraint, each.extras, each.is_optional(), id(each.marker))
        for each in package.requires
    )
    return (_position(package), id(package.files), id(package.extras), requires)


def _without_parts(package: Package) -> Package:
    bare = package.with_dependency_groups([], only=True)
    bare.files, bare.extras = [], {}
    return bare
