"""Whether the packages of a lock satisfy each other's requirements.

Git may merge two locks without a conflict, although each of them has updated another package.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version, parse_constraint

from poetry_fti.bridge.lock.text.chunks import PackageText, lock_chunks
from poetry_fti.bridge.lock.text.package_text import KEY, REMEMBERED, package_match

if TYPE_CHECKING:
    from collections.abc import Collection

    from packaging.utils import NormalizedName

# A requirement that applies wherever its package is installed: without a marker, and of no extra.
_ALWAYS: Final = re.compile(
    rf'^({KEY}) = (?:"([^"\\]+)"|\{{version = "([^"\\]+)"(?:, extras = \[[^\]\n]*\])?\}})$',
    re.MULTILINE,
)


def inconsistency(text: str, ignored: Collection[NormalizedName] = ()) -> str:
    """Return a requirement that a lock does not satisfy; empty for a consistent lock.

    Requirements on packages in `ignored`, those with markers and those of extras are left out. A
    lock that Poetry would not write exactly so is not examined.
    """
    packages = [
        _package(chunk.shared) for chunk in lock_chunks(text) if isinstance(chunk, PackageText)
    ]
    versions: dict[NormalizedName, list[str]] = {}
    for package in packages:
        if package is None:
            return ""
        versions.setdefault(package.name, []).append(package.version)
    for package in filter(None, packages):
        for name, constraint in package.requires:
            found = versions.get(name, [])
            if name in ignored or any(_allows(constraint, version) for version in found):
                continue
            by = f"{package.name} {package.version}"
            if not found:
                return f"it does not contain {name}, which {by} requires"
            return f"it locks {name} {found[-1]}, but {by} requires {name} {constraint}"
    return ""


class _Package(NamedTuple):
    """A package of a lock with the names and constraints of what it always requires."""

    name: NormalizedName
    version: str
    requires: tuple[tuple[NormalizedName, str], ...]


@lru_cache(REMEMBERED)
def _package(shared: str) -> _Package | None:
    found = package_match(shared)
    if found is None:
        return None
    requires = tuple(
        (canonicalize_name(name.strip('"')), plain or table)
        for name, plain, table in _ALWAYS.findall(found["dependencies"] or "")
    )
    return _Package(canonicalize_name(found["name"][1:-1]), found["version"][1:-1], requires)


@lru_cache(REMEMBERED)
def _allows(constraint: str, version: str) -> bool:
    try:
        return constraint == "*" or parse_constraint(constraint).allows(Version.parse(version))
    except ValueError:  # what reads all of a damaged lock reports it
        return True
