"""A derived project on some of its targets: Poetry's solver on what matters there."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cleo.formatters.formatter import Formatter
from packaging.version import Version as StandardVersion
from poetry.core.constraints.version import Version
from poetry.core.version.markers import EmptyMarker
from poetry.puzzle.exceptions import SolverProblemError
from poetry.puzzle.provider import IncompatibleConstraintsError
from poetry.repositories.exceptions import PackageNotFoundError

from poetry_fti.bridge.index.pool import StagePool
from poetry_fti.bridge.index.releases import with_requires
from poetry_fti.bridge.internals.solver import share_direct_packages
from poetry_fti.bridge.solving.solver import ViewProvider, ViewSolver
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.core.version.markers import BaseMarker
    from poetry.packages.transitive_package_info import TransitivePackageInfo
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.metadata_view import MetadataView
    from poetry_fti.bridge.markers import Narrowing

    SolvedPackages: TypeAlias = dict[Package, TransitivePackageInfo]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferredPackages:
    """What a solve tries first: `packages` in their order, but for the names in `latest`.

    Of the packages in `allowed` it takes only these versions.
    """

    packages: Sequence[Package] = ()
    latest: Collection[NormalizedName] = ()
    allowed: Mapping[NormalizedName, VersionConstraint] = field(default_factory=dict)


@dataclass(frozen=True)
class Solution:
    """What Poetry's solver decided for the derived project `root`.

    `originals` are packages that come from no index.
    """

    root: ProjectPackage
    packages: SolvedPackages
    originals: Mapping[Package, Package]

    @cached_property
    def direct(self) -> frozenset[NormalizedName]:
        """The names of packages that the project itself asks for."""
        return frozenset(dependency.name for dependency in self.root.all_requires)

    @cached_property
    def _with_extras(self) -> list[Dependency]:
        everything = (self.root, *self.packages)
        return [d for package in everything for d in package.all_requires if d.extras]

    def extras(self, package: Package) -> set[NormalizedName]:
        """Return the extras of a package that are asked for, also by its other extras."""
        asking = [d for d in self._with_extras if d.name == package.name]
        wanted = [e for d in asking if d.constraint.allows(package.version) for e in d.extras]
        found: set[NormalizedName] = set()
        while wanted:
            extra = wanted.pop()
            if extra not in found:
                found.add(extra)
                own = (d for d in package.extras.get(extra, ()) if d.name == package.name)
                wanted += [e for d in own for e in d.extras]
        return found

    def entries(self, name: NormalizedName) -> list[Package]:
        """Return the versions of a package with their sources."""
        return [package for package in self.packages if package.name == name]

    def needs_everywhere(self, name: NormalizedName) -> bool:
        """Tell whether the package is installed whatever the Python and the platform are."""
        marker: BaseMarker = EmptyMarker()
        for package in self.entries(name):
            for each in self.packages[package].markers.values():
                marker = marker.union(each)
        return marker.reduce_by_python_constraint(self.root.python_constraint).is_any()

    def forbids(self, name: NormalizedName, version: StandardVersion) -> bool:
        """Tell whether the project, or what it asks for, always requires another version."""
        wanted = Version.parse(str(version))
        askers = [p for p in self.packages if p.name in self.direct and p.name != name]
        asked = [*self.root.all_requires, *(d for p in askers for d in p.requires)]
        return any(
            dependency.name == name
            and dependency.marker.is_any()
            and not dependency.is_direct_origin()
            and not dependency.constraint.allows(wanted)
            for dependency in asked
        )

    def versions(self) -> dict[NormalizedName, tuple[StandardVersion, ...]]:
        """Return the versions of each package, ascending."""
        found: dict[NormalizedName, set[StandardVersion]] = {}
        for package in self.packages:
            version = StandardVersion(package.version.text)
            found.setdefault(package.name, set()).add(version)
        return {name: tuple(sorted(versions)) for name, versions in found.items()}


class Resolver:
    """A derived project seen by one view, solved as often as need be."""

    def __init__(
        self,
        root: Callable[[], ProjectPackage],
        shared: RepositoryPool,
        view: MetadataView,
        io: IO,
    ) -> None:
        self._root = root
        self._shared = shared
        self._view = view
        self._io = io
        # A path is read, and a repository cloned, once for all solves.
        self._direct: dict[Dependency, Package] = {}

    def root(self) -> ProjectPackage:
        """Return the derived project as this view sees it."""
        return self._view.root(self._root())

    def pool(self, allowed: Mapping[NormalizedName, VersionConstraint] | None = None) -> StagePool:
        """Return the indexes as this view sees them."""
        return StagePool(self._shared, self._view, allowed or {})

    def direct_package(self, dependency: Dependency) -> Package:
        """Return the package at a path, a URL or a commit; raises FtiError."""
        provider = ViewProvider(self.root(), self.pool(), self._io, locked=(), view=self._view)
        share_direct_packages(provider, self._direct)
        with _scratch() as folder, provider.use_source_root(folder), solver_errors():
            return provider.search_for_direct_origin_dependency(dependency)

    def solve(self, preferences: PreferredPackages) -> Solution:
        """Return a solution; raises FtiError with Poetry's whole explanation where none exists."""
        root = self.root()
        pool = self.pool(preferences.allowed)
        direct = {each: each for each in preferences.packages if each.is_direct_origin()}
        locked = [self._view.package(p) if p in direct else p for p in preferences.packages]
        solver = ViewSolver(root, pool, self._io, locked=locked, view=self._view)
        share_direct_packages(solver.provider, self._direct)
        with _scratch() as folder, solver.provider.use_source_root(folder), solver_errors():
            packages = solver.solve(use_latest=preferences.latest).get_solved_packages()
        return Solution(root, packages, {**direct, **solver.provider.originals})

    def refuses(self, solution: Solution, name: NormalizedName, version: StandardVersion) -> bool:
        """Tell, without solving again, that only this version of a package is impossible.

        It saves the time of solving for nearly all versions that cannot be had.
        """
        if solution.forbids(name, version):
            return True
        entries = solution.entries(name)
        if not entries:  # it came with another agreement
            return False
        source = entries[0].source_reference
        try:
            release = self._shared.package(name, Version.parse(str(version)), source)
        except PackageNotFoundError:
            return True
        python = solution.root.python_constraint
        covered = release.python_constraint.allows_all(python)
        return not covered and solution.needs_everywhere(name)

    def restored(self, solution: Solution) -> SolvedPackages:
        """Return a solution's packages with the markers that their own metadata has.

        Only requirements that apply on some target are kept; those of packages that come from
        no index are kept all, since a later solve may read them from the lock alone.
        """
        if self._view.narrow is None:
            return solution.packages
        restored: SolvedPackages = {}
        for package, info in solution.packages.items():
            info.markers = _narrowed(info.markers, self._view.narrow)
            if info.markers:
                info.groups = set(info.markers)
                restored[self._restored(package, solution)] = info
        return restored

    def _restored(self, package: Package, solution: Solution) -> Package:
        original = solution.originals.get(package)
        if original is not None:
            extras = solution.extras(original)
            return with_requires(package, self._view.declared(original, extras))
        original = self._shared.package(package.name, package.version, package.source_reference)
        extras = solution.extras(original)
        return with_requires(package, self._view.applying(original, package.requires, extras))


def _narrowed(
    markers: Mapping[NormalizedName, BaseMarker], narrow: Narrowing
) -> dict[NormalizedName, BaseMarker]:
    narrowed = {group: narrow(marker) for group, marker in markers.items()}
    return {group: marker for group, marker in narrowed.items() if not marker.is_empty()}


@contextmanager
def _scratch() -> Iterator[Path]:
    """Yield a folder for clones of repositories."""
    with tempfile.TemporaryDirectory(prefix="poetry-fti-") as folder:
        yield Path(folder)


@contextmanager
def solver_errors() -> Iterator[None]:
    """Raise FtiError with the solver's whole explanation where it found no solution."""
    try:
        yield
    except (SolverProblemError, IncompatibleConstraintsError) as error:
        # Poetry's hints on Python versions are written with cleo's markup.
        raise FtiError(Formatter().remove_format(str(error)).strip()) from error
