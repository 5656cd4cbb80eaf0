"""Metadata of packages as it applies to a stage: narrowed to its targets, with its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.constraints.version import VersionRange

from poetry_fti.bridge.index.bounds import Bounds
from poetry_fti.bridge.index.releases import with_requires

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.agreement.restrictions import Restriction, RestrictionKind
    from poetry_fti.bridge.lock.installable_files import InstallableFiles
    from poetry_fti.bridge.markers import Narrowing


class MetadataView:
    """Shows packages with narrowed markers, without requirements that apply on no target.

    Without narrowing and overrides it returns packages as they are.
    """

    def __init__(
        self,
        narrow: Narrowing | None = None,
        overrides: Mapping[NormalizedName, VersionConstraint | None] | None = None,
        files: InstallableFiles | None = None,
        *,
        builds: bool = True,
        bounds: Bounds | None = None,
    ) -> None:
        """Narrow markers with `narrow`; replace constraints in packages' requirements by name.

        Requirements of packages whose override is None are left out. Overrides do not apply to
        the requirements of the project itself. Releases without any of the `files`, and versions
        that `bounds` exclude, are not to be chosen. `builds` is false if no build may be run to
        read the metadata of a package.
        """
        self.files = files
        self.narrow = narrow
        self.builds = builds
        self.bounds = bounds or Bounds()
        changed = (overrides or {}).items()
        self._overrides = {name: versions for name, versions in changed if versions is not None}
        self._exclude = {name for name, versions in changed if versions is None}
        # Packages are not copied then: plain Poetry's solver changes them, and locks the result.
        changes = self._overrides or self._exclude or self.bounds.add_requirements
        self.is_plain = narrow is None and not changes
        self._lifted: set[tuple[RestrictionKind, str, NormalizedName]] = set()
        # By identity: dependencies and packages live as long as the indexes that they come from.
        self._shown: dict[int, tuple[Dependency, Dependency | None]] = {}
        self._requires: dict[int, tuple[Package, list[Dependency]]] = {}

    def lift(self, restrictions: Iterable[Restriction]) -> None:
        """Ignore restrictions in packages that are shown from now on.

        Requirements are shown without their constraints, and releases as if they supported every
        Python or had a file for every target.
        """
        self._lifted = {(each.kind, each.by, each.package) for each in restrictions}

    def package(self, package: Package, only: Collection[NormalizedName] | None = None) -> Package:
        """Return a package with the requirements that apply, as a copy that may be changed.

        With `only`, it has only those of packages with these names.
        """
        if only is not None:
            shown = [each for each in self.requires(package) if each.name in only]
            return with_requires(package, shown)
        if self.is_plain and not self._lifted:
            return package
        copied = with_requires(package, self.requires(package))
        if ("python", "", package.name) in self._lifted:
            copied.python_versions = "*"
        if self._exclude and package.is_direct_origin():
            # The solver adds requirements of an extra whose requirements have all been left out.
            copied.extras = {
                extra: [each for each in requires if each.name not in self._exclude]
                for extra, requires in package.extras.items()
            }
        return copied

    def requires(self, package: Package) -> list[Dependency]:
        """Return the requirements of a package that apply; callers must not change them."""
        known = self._requires.get(id(package))
        if known is None:
            shown = [self._requirement(dependency) for dependency in package.requires]
            known = (package, self._applying(shown, package.name))
            self._requires[id(package)] = known
        return known[1]

    def root(self, root: ProjectPackage) -> ProjectPackage:
        """Return the derived project with the requirements that apply, as a copy."""
        if self.is_plain and not self._lifted:
            return root
        shown = [self._narrowed(dependency) for dependency in root.all_requires]
        return with_requires(root, self._applying(shown, ""))

    def needs_files(self, name: NormalizedName) -> bool:
        """Return whether releases of a package without any of the files are not to be chosen."""
        return self.files is not None and ("files", "", name) not in self._lifted

    def _applying(self, shown: Iterable[Dependency | None], by: str) -> list[Dependency]:
        """Return the requirements of a package that apply, with what constraints add to them."""
        applying = [
            self._without_lifted(dependency, by) for dependency in shown if dependency is not None
        ]
        return [*applying, *self.bounds.added(applying)]

    def _without_lifted(self, dependency: Dependency, by: str) -> Dependency:
        is_lifted = ("requirement", by, dependency.name) in self._lifted
        if not is_lifted or dependency.is_direct_origin():
            return dependency
        return dependency.with_constraint(VersionRange())

    def applying(
        self, package: Package, active: Iterable[Dependency], extras: Collection[NormalizedName]
    ) -> list[Dependency]:
        """Return the requirements of a package that a solution uses, with their own markers.

        `active` are its requirements in the solution, where the solver has merged those on the
        same package into one; `extras` are its extras that are required.
        """
        names = {dependency.complete_name for dependency in active}
        pairs = [(dependency, self._requirement(dependency)) for dependency in package.requires]
        return [
            _with_marker(shown, dependency.marker)
            for dependency, shown in pairs
            if shown is not None and shown.complete_name in names and _is_active(dependency, extras)
        ]

    def declared(self, package: Package, extras: Collection[NormalizedName]) -> list[Dependency]:
        """Return all requirements of a package with these extras, also for other targets."""
        return [
            dependency
            for dependency in package.requires
            if _is_active(dependency, extras) and dependency.name not in self._exclude
        ]

    def overridden(self, package: Package) -> list[str]:
        """Return the names of a package's requirements whose constraints are replaced, sorted."""
        return sorted({d.name for d in package.requires if d.name in self._overrides})

    def excluded(self, package: Package, extras: Collection[NormalizedName]) -> set[NormalizedName]:
        """Return the names of the excluded packages that a package requires on a target."""
        return {
            dependency.name
            for dependency in package.requires
            if dependency.name in self._exclude
            and _is_active(dependency, extras)
            and self._narrowed(dependency) is not None
        }

    def bounded(self, package: Package) -> list[str]:
        """Return the names of the requirements that constraints for some targets limit, sorted."""
        return sorted({each.name for each in self.bounds.added(package.requires)})

    def _requirement(self, dependency: Dependency) -> Dependency | None:
        known = self._shown.get(id(dependency))
        if known is None:
            applies = dependency.name not in self._exclude
            shown = self._overridden(self._narrowed(dependency)) if applies else None
            known = (dependency, shown)
            self._shown[id(dependency)] = known
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


def _is_active(dependency: Dependency, extras: Collection[NormalizedName]) -> bool:
    return not dependency.in_extras or any(extra in extras for extra in dependency.in_extras)
