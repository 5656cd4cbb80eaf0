"""Reads the packages of locks for comparisons; entries that several locks share are read once."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import Version
from poetry.core.packages.package import Package
from poetry.core.version.markers import EmptyMarker
from poetry.packages.transitive_package_info import group_sort_key

from poetry_fti.bridge.lock.dependencies.requirements import table_requirements
from poetry_fti.bridge.lock.locked import is_narrowed
from poetry_fti.bridge.lock.locker import StageLocker
from poetry_fti.bridge.lock.origins import package_origin
from poetry_fti.bridge.lock.text.chunks import PackageText, lock_chunks
from poetry_fti.bridge.lock.text.file_lines import locked_files
from poetry_fti.bridge.lock.text.package_text import REMEMBERED, SharedTable, fileless_table
from poetry_fti.bridge.markers import Narrowing, parsed_marker, standard_marker
from poetry_fti.bridge.project.python_versions import python_specifiers
from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.model.lock import LockedPackage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model.platforms import Targets
    from poetry_fti.model.stage import Stage

# Kinds of sources whose URL is a path.
_PATHS: Final = frozenset({"directory", "file"})


class FilelessLocker(StageLocker):
    """A locker that does not parse files and extras, and parses what locks have in common once."""

    def __init__(self, derived: DerivedStage, conditions: Mapping[str, Any], text: str) -> None:
        """Read the lock of a stage from its text."""
        super().__init__(derived.lock, derived.data, conditions)
        self._text = text

    def is_locked(self) -> bool:
        """Return True, also if the text is not that of a file."""
        return True

    def pinned_packages(self) -> Iterator[Package]:
        """Yield the locked packages with those of their files that Poetry's own lines describe."""
        files = locked_files(self._text)
        for package in super().pinned_packages():
            if found := files.get((package.name, Version(package.version.text))):
                package.files = [{"file": each.name, "hash": each.digest} for each in found]
            yield package

    @cached_property
    def lock_data(self) -> dict[str, Any]:
        """The content of a fresh lock, without files and extras; raises TOMLDecodeError."""
        packages = [{**shared.content, **own} for shared, own in self.tables]
        return {**self._rest, "package": packages}

    @cached_property
    def tables(self) -> list[tuple[SharedTable, dict[str, Any]]]:
        """The table of each package, with its key `groups` apart; raises TOMLDecodeError."""
        # Packages in another form than Poetry writes are among the rest.
        others = [(SharedTable(each), each) for each in self._rest.get("package", ())]
        packages = (each for each in self._chunks if isinstance(each, PackageText))
        return [*others, *(fileless_table(*each) for each in packages)]

    @cached_property
    def _rest(self) -> dict[str, Any]:
        rest = "\n".join(each for each in self._chunks if isinstance(each, str))
        data: dict[str, Any] = tomllib.loads(rest)
        return data

    @property
    def _chunks(self) -> tuple[PackageText | str, ...]:
        return lock_chunks(self._text)


def read_compared(
    locker: FilelessLocker,
    stage: Stage,
    python: VersionConstraint,
    root: Path,
    pins: Iterable[Pin],
) -> tuple[LockedPackage, ...]:
    """Return what `read_packages` does, without files, in the order of the lock.

    `pins` are those of the same lock, whose digests the packages get. Raises what Poetry raises for
    a damaged lock.
    """
    if not locker.is_locked_groups_and_markers():
        raise RuntimeError("the lock is older than version 2.1")
    narrow = _narrowing(stage.targets, python if is_narrowed(stage) else None)
    groups = frozenset({canonicalize_name("main"), *stage.closure})
    digests = {(pin.name, pin.version): pin.digests for pin in pins}
    return tuple(_applying(locker, groups, _View(narrow, root, root), digests))


class _View(NamedTuple):
    """What the packages of a lock are read for; `folder` is that of the lock for local paths."""

    narrow: Narrowing
    root: Path
    folder: Path


@lru_cache(64)
def _narrowing(targets: Targets, python: VersionConstraint | None) -> Narrowing:
    """Return what simplifies markers alike for several stages, in any order of their parts."""
    return Narrowing(targets, python, extras=False)


def _applying(
    locker: FilelessLocker,
    groups: frozenset[NormalizedName],
    view: _View,
    digests: Mapping[tuple[NormalizedName, str], frozenset[str]],
) -> Iterator[LockedPackage]:
    by_path = view._replace(folder=locker.lock.parent)
    for shared, own in locker.tables:
        content = shared.content
        markers = _markers(content.get("markers", "*"), own["groups"], groups)
        its_view = by_path if _source(content).get("type") in _PATHS else view
        its_digests = digests.get((_normalized(content["name"]), content["version"]), frozenset())
        found = _package(shared, markers, its_view, its_digests)
        if found is not None:
            yield found


def _markers(
    markers: str | Mapping[str, str], groups: Iterable[str], selected: frozenset[NormalizedName]
) -> tuple[str, ...]:
    """Return the markers of a package in the selected groups, in the order of Poetry's unions."""
    found = [(each, name) for each in groups if (name := _normalized(each)) in selected]
    if isinstance(markers, str):
        return (markers,) if found else ()
    found.sort(key=lambda each: group_sort_key(each[1]))
    return tuple(markers.get(each, "*") for each, _ in found)


_normalized = lru_cache(REMEMBERED)(canonicalize_name)


@lru_cache(REMEMBERED)
def _package(
    shared: SharedTable, markers: tuple[str, ...], view: _View, digests: frozenset[str]
) -> LockedPackage | None:
    """Return a package that applies where one of the markers is true; None if it never does."""
    content = shared.content
    anywhere: BaseMarker = EmptyMarker()
    for each in markers:
        anywhere = anywhere.union(parsed_marker(each))
    marker = view.narrow(anywhere)
    if marker.is_empty():
        return None
    package = _poetry_package(content, view.folder)
    return LockedPackage(
        name=package.name,
        version=Version(package.version.text),
        origin=package_origin(package, view.root),
        marker=standard_marker(marker),
        requires_python=python_specifiers(package.python_versions) or None,
        requires=tuple(table_requirements(content, view.narrow)),
        digests=digests,
    )


def _poetry_package(content: Mapping[str, Any], folder: Path) -> Package:
    """Return the package of a table, as Poetry's locker does."""
    source = _source(content)
    kind, url = source.get("type"), source.get("url", "")
    package = Package(
        content["name"],
        content["version"],
        source_type=kind,
        source_url=(folder / url).resolve().as_posix() if kind in _PATHS else url or None,
        source_reference=source.get("reference"),
        source_resolved_reference=source.get("resolved_reference"),
        source_subdirectory=source.get("subdirectory"),
    )
    package.python_versions = content["python-versions"]
    package.develop = content.get("develop", False)
    return package


def _source(content: Mapping[str, Any]) -> Mapping[str, Any]:
    source: Mapping[str, Any] = content.get("source", {})
    return source
