"""Locks of uv, PDM and Poetry: the versions of what a project requires."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from poetry_fti.importers.shared.documents import array, string, strings, table, tables
from poetry_fti.importers.shared.requirements import is_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Keys of a package that is not from PyPI.
_ORIGINS: Final = frozenset({"git", "path", "source", "url"})
LOCKS: Final = ("uv.lock", "pdm.lock", "poetry.lock")


@dataclass(frozen=True, slots=True)
class LockEntry:
    """A package in a lock with the names of what it requires; `is_root` for the project itself.

    The version is empty for a package without a valid one, and for one in a local folder. `marker`
    is the condition for its installation from PyPI, None if the lock does not record one.
    """

    name: NormalizedName
    version: str
    requires: frozenset[NormalizedName]
    is_root: bool
    marker: str | None = None


def lock_entries(data: Mapping[str, Any]) -> list[LockEntry]:
    """Return the packages of the data of a lock."""
    return [
        LockEntry(
            name=canonicalize_name(name),
            version=_version(each),
            requires=frozenset(_required(each)),
            is_root=_is_root(table(each, "source")),
            marker=_marker(each),
        )
        for each in tables(data.get("package"))
        if (name := string(each.get("name")))
    ]


def roots(entries: Sequence[LockEntry]) -> list[NormalizedName]:
    """Return what the project itself requires, or else the packages that no other one requires."""
    own = [each for each in entries if each.is_root]
    if own:
        return sorted({name for each in own for name in each.requires})
    required = {name for each in entries for name in each.requires - {each.name}}
    found = [each.name for each in entries if each.name not in required]
    # Packages that require each other have no root.
    reached = reachable(found, entries)
    return [*found, *(each.name for each in entries if each.name not in reached)]


def reachable(names: Iterable[NormalizedName], entries: Sequence[LockEntry]) -> set[NormalizedName]:
    """Return packages with all that they require, directly or not."""
    requires: dict[NormalizedName, set[NormalizedName]] = {}
    for each in entries:
        requires.setdefault(each.name, set()).update(each.requires)
    found: set[NormalizedName] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(requires.get(name, ()))
    return found


def locked_versions(
    names: Iterable[NormalizedName], entries: Sequence[LockEntry]
) -> tuple[tuple[NormalizedName, str], ...]:
    """Return the locked versions of packages and of all that they require."""
    found = reachable(names, entries)
    pairs = {
        (each.name, each.version): None
        for each in entries
        if each.name in found and each.version and not each.is_root
    }
    return tuple(pairs)


def _version(package: Mapping[str, Any]) -> str:
    version = string(package.get("version"))
    is_local = not {"editable", "virtual", "directory"}.isdisjoint(table(package, "source"))
    return version if is_version(version) and not is_local else ""


def _is_root(source: Mapping[str, Any]) -> bool:
    # A member of uv's workspace is in a folder of its own.
    return "." in (source.get("editable"), source.get("virtual"))


def _marker(package: Mapping[str, Any]) -> str | None:
    """Return the marker of a package, which Poetry 2 and PDM record along with its groups.

    It is None if there are no groups, the marker is not valid, or the package is not from PyPI.
    """
    if "groups" not in package or not _ORIGINS.isdisjoint(package):
        return None
    found = package.get("markers", package.get("marker"))
    texts = [string(found)]
    if isinstance(found, dict):
        by_group = (string(found.get(group)) for group in strings(package["groups"]))
        texts = list(dict.fromkeys(by_group))
    if not (texts and all(texts)):
        return ""
    text = " or ".join(f"({each})" for each in texts) if texts[1:] else texts[0]
    try:
        return str(Marker(text))
    except (InvalidMarker, RecursionError):
        return None


def _required(package: Mapping[str, Any]) -> Iterator[NormalizedName]:
    """Yield what a package requires, in the form of uv, PDM or Poetry, also with its extras."""
    dependencies = package.get("dependencies")
    for name in dependencies if isinstance(dependencies, dict) else ():
        yield canonicalize_name(name)
    for each in array(dependencies):
        yield from _name(each)
    for key in ("optional-dependencies", "dev-dependencies"):
        for found in table(package, key).values():
            for each in array(found):
                yield from _name(each)


def _name(dependency: object) -> Iterator[NormalizedName]:
    text = string(table(dependency).get("name")) or string(dependency)
    if found := _NAME.match(text):
        yield canonicalize_name(found[0])
