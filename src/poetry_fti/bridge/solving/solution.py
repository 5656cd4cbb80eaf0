"""A solution of Poetry's solver, and what it implies for versions and extras."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from packaging.version import Version as StandardVersion
from poetry.core.constraints.version import Version
from poetry.core.packages.utils.utils import create_nested_marker
from poetry.core.version.markers import EmptyMarker

from poetry_fti.agreement.versions import group_versions
from poetry_fti.bridge.markers import parsed_marker

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.core.version.markers import BaseMarker
    from poetry.packages.transitive_package_info import TransitivePackageInfo

    from poetry_fti.agreement.versions import Versions

    SolvedPackages: TypeAlias = dict[Package, TransitivePackageInfo]


@dataclass(frozen=True)
class Solution:
    """A solution of Poetry's solver for the derived project `root`, found in a number of `steps`.

    `originals` are the packages that come from a path, a URL or a repository, with all of their
    requirements, by the packages in the solution. `decisions` are the packages that the solver
    decided on, with the extras that are required of them as packages of their own; None if it ran
    several times, for different targets.
    """

    root: ProjectPackage
    packages: SolvedPackages
    originals: Mapping[Package, Package]
    steps: int = 0
    decisions: Sequence[Package] | None = None

    @property
    def misplaced(self) -> list[Package]:
        """The releases that the solution installs on Pythons that they do not support."""
        python = self.root.python_constraint
        return [
            package
            for package, info in self.packages.items()
            if not (other := python.difference(package.python_constraint)).is_empty()
            and not package.is_direct_origin()
            and any(not _on(other, marker).is_empty() for marker in info.markers.values())
        ]

    @cached_property
    def direct(self) -> frozenset[NormalizedName]:
        """The names of the packages that the project itself requires."""
        return frozenset(dependency.name for dependency in self.root.all_requires)

    @cached_property
    def with_prereleases(self) -> frozenset[NormalizedName]:
        """The names of the packages of which the project itself allows pre-releases."""
        return with_prereleases(self.root)

    @cached_property
    def _with_extras(self) -> list[Dependency]:
        everything = (self.root, *self.packages)
        return [d for package in everything for d in package.all_requires if d.extras]

    def extras(self, package: Package) -> set[NormalizedName]:
        """Return the extras of a package that are required, also by its other extras."""
        requiring = [d for d in self._with_extras if d.name == package.name]
        queue = [e for d in requiring if d.constraint.allows(package.version) for e in d.extras]
        found: set[NormalizedName] = set()
        while queue:
            extra = queue.pop()
            if extra not in found:
                found.add(extra)
                own = (d for d in package.extras.get(extra, ()) if d.name == package.name)
                queue += [e for d in own for e in d.extras]
        return found

    def entries(self, name: NormalizedName) -> list[Package]:
        """Return the packages of a name, one for each version and source."""
        return [package for package in self.packages if package.name == name]

    def needs_everywhere(self, name: NormalizedName) -> bool:
        """Return whether a package is installed on every Python and platform of the project."""
        marker: BaseMarker = EmptyMarker()
        for package in self.entries(name):
            for each in self.packages[package].markers.values():
                marker = marker.union(each)
        return marker.reduce_by_python_constraint(self.root.python_constraint).is_any()

    def forbids(
        self,
        name: NormalizedName,
        version: StandardVersion,
        changed: Collection[NormalizedName] = (),
    ) -> bool:
        """Return whether the project or a direct requirement unconditionally excludes a version.

        Packages in `changed` no longer have the versions that they have in the solution.
        """
        excluded = Version.parse(str(version))
        kept = self.direct.difference(changed, [name])
        direct = [package for package in self.packages if package.name in kept]
        requirements = [*self.root.all_requires, *(d for p in direct for d in p.requires)]
        return any(
            dependency.name == name
            and dependency.marker.is_any()
            and not dependency.is_direct_origin()
            and not dependency.constraint.allows(excluded)
            for dependency in requirements
        )

    def versions(self) -> Versions:
        """Return the versions of each package, ascending, without their sources."""
        return self._versions

    @cached_property
    def _versions(self) -> Versions:
        return group_versions(
            (package.name, StandardVersion(package.version.text)) for package in self.packages
        )


def with_prereleases(root: ProjectPackage) -> frozenset[NormalizedName]:
    """Return the names of the packages of which a project explicitly allows pre-releases."""
    return frozenset(each.name for each in root.all_requires if each.allows_prereleases())


def yanked_warnings(packages: SolvedPackages) -> Iterator[str]:
    """Yield a warning for each package of a solution that is yanked."""
    # Poetry's solver prints this with each of many solves, which is why it is silenced.
    for package in packages:
        if package.yanked:
            reason = f" Reason for being yanked: {package.yanked_reason}"
            yield (
                f"The locked version {package.pretty_version} for {package.pretty_name} is a"
                f" yanked version.{reason if package.yanked_reason else ''}"
            )


def _on(python: VersionConstraint, marker: BaseMarker) -> BaseMarker:
    return parsed_marker(create_nested_marker("python_version", python)).intersect(marker)
