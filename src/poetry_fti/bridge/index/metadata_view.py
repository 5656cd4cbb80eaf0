"""Metadata as a stage sees it: narrowed to its targets, wrong requirements replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.bridge.index.releases import with_requires

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.bridge.markers import Narrowing


class MetadataView:
    """Requirements with narrowed markers; those that apply on no target are left out."""

    def __init__(
        self,
        narrow: Narrowing | None = None,
        overrides: Mapping[NormalizedName, VersionConstraint] | None = None,
    ) -> None:
        """Narrow with `narrow`; replace the constraints of what packages (not the project) ask."""
        self.narrow = narrow
        self._overrides = overrides or {}
        # Then nothing is copied: plain Poetry's solver changes packages, and writes that down.
        self._is_plain = narrow is None and not self._overrides
        # Dependencies and packages live as long as the indexes that they come from.
        self._seen: dict[int, tuple[Dependency, Dependency | None]] = {}
        self._requires: dict[int, tuple[Package, list[Dependency]]] = {}

    def package(self, package: Package) -> Package:
        """Return a copy of a package that the solver may change, with what it requires here."""
        if self._is_plain:
            return package
        known = self._requires.get(id(package))
        if known is None:
            seen = [self._requirement(dependency) for dependency in package.requires]
            known = (package, [dependency for dependency in seen if dependency is not None])
            self._requires[id(package)] = known
        return with_requires(package, known[1])

    def root(self, root: ProjectPackage) -> ProjectPackage:
        """Return a copy of the derived project with what it requires here."""
        if self._is_plain:
            return root
        seen = [self._narrowed(dependency) for dependency in root.all_requires]
        return with_requires(root, [dependency for dependency in seen if dependency is not None])

    def applying(
        self, package: Package, active: Iterable[Dependency], extras: Collection[NormalizedName]
    ) -> list[Dependency]:
        """Return the active requirements of a package with the markers of its own metadata.

        `active` are those of the solver, which makes one of several on the same package, and
        `extras` the package's that are asked for.
        """
        names = {dependency.complete_name for dependency in active}
        pairs = [(dependency, self._requirement(dependency)) for dependency in package.requires]
        return [
            _with_marker(seen, dependency.marker)
            for dependency, seen in pairs
            if seen is not None and seen.complete_name in names and _is_asked(dependency, extras)
        ]

    def declared(self, package: Package, extras: Collection[NormalizedName]) -> list[Dependency]:
        """Return what a package requires anywhere, with these extras."""
        return [dependency for dependency in package.requires if _is_asked(dependency, extras)]

    def overridden(self, package: Package) -> list[str]:
        """Return the names of a package's requirements whose constraints are replaced, sorted."""
        return sorted({d.name for d in package.requires if d.name in self._overrides})

    def _requirement(self, dependency: Dependency) -> Dependency | None:
        known = self._seen.get(id(dependency))
        if known is None:
            known = (dependency, self._overridden(self._narrowed(dependency)))
            self._seen[id(dependency)] = known
        return known[1]

    def _narrowed(self, dependency: Dependency) -> Dependency | None:
        if self.narrow is None:
            return dependency
        marker = self.narrow(dependency.marker)
        if marker.is_empty():
            return None
        if marker != dependency.marker:
            dependency = dependency.clone()
            dependency.marker = marker
        return dependency

    def _overridden(self, dependency: Dependency | None) -> Dependency | None:
        if dependency is None or dependency.name not in self._overrides:
            return dependency
        return dependency.with_constraint(self._overrides[dependency.name])


def _with_marker(dependency: Dependency, marker: BaseMarker) -> Dependency:
    changed = dependency.clone()
    changed.marker = marker
    return changed


def _is_asked(dependency: Dependency, extras: Collection[NormalizedName]) -> bool:
    return not dependency.in_extras or any(extra in extras for extra in dependency.in_extras)
