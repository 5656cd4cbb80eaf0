"""Poetry's solver with ordered preferences, over the metadata that a view shows."""

from __future__ import annotations

import re
from contextlib import nullcontext
from copy import copy
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from build import BuildException
from dulwich.errors import GitProtocolError
from poetry.core.constraints.version.exceptions import ParseConstraintError
from poetry.core.pyproject.exceptions import PyProjectError
from poetry.packages import DependencyPackage
from poetry.puzzle.provider import IncompatibleConstraintsError, Provider
from poetry.puzzle.solver import Solver
from poetry.repositories.exceptions import PackageNotFoundError

from poetry_fti.bridge.index.builds import refused_builds
from poetry_fti.bridge.index.releases import with_requires
from poetry_fti.bridge.internals.solver import preferences_of, replace_provider, solved_packages
from poetry_fti.bridge.solving.preferred import is_unusual
from poetry_fti.bridge.solving.unusable import (
    UnusableRelease,
    own_fault,
    requirements_fault,
    unreadable,
    without_itself,
)
from poetry_fti.urls import public_url

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from cleo.io.io import IO
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.core.version.markers import BaseMarker
    from poetry.mixology.incompatibility import Incompatibility

    from poetry_fti.bridge.index.metadata_view import MetadataView
    from poetry_fti.bridge.index.pool import StagePool
    from poetry_fti.bridge.lock.installable_files import InstallableFiles
    from poetry_fti.bridge.solving.preferred import PreferredPackages
    from poetry_fti.bridge.solving.solution import SolvedPackages

_EXTRA: Final = re.compile(r'\bextra == ("[^"]*")')

# What Poetry raises for metadata that it does not expect, dulwich for repositories, and the build
# of a folder that is no Python project.
_READ_ERRORS: Final = (
    AssertionError,
    BuildException,
    GitProtocolError,
    PyProjectError,
    RuntimeError,
    ValueError,
)


class ViewProvider(Provider):
    """Poetry's provider with ordered preferences, and with narrowed direct references.

    `originals` are the packages from a path, a URL or a repository before narrowing, by
    themselves.

    Relies on `search_for_direct_origin_dependency`, which gives all packages that come from no
    index. `bridge/internals/solver.py` lists the private names.
    """

    def __init__(
        self,
        package: ProjectPackage,
        pool: StagePool,
        io: IO,
        preferred: PreferredPackages,
        view: MetadataView,
    ) -> None:
        locked = list(preferred.packages)
        super().__init__(package, pool, io, locked=locked)
        self._view = view
        self._foreign = {id(each) for each in preferred.foreign}
        self._budget = preferred.budget
        self._faults = preferred.excluded
        self._derived = package
        self._excluded: UnusableRelease | None = None  # of the release completed last
        rank = {id(each): index for index, each in enumerate(locked)}
        for preferences in preferences_of(self).values():
            preferences.sort(key=lambda preference: rank[id(preference.package)])
        self.originals: dict[Package, Package] = {}
        # The solver's runs repeat the same intersections, each of which is slow.
        self._intersections: dict[tuple[str, str], BaseMarker] = {}

    @cached_property
    def _overrides_marker_intersection(self) -> BaseMarker:
        """The marker of a run of the solver, which is intersected with that of each requirement.

        Intersections are memoized.
        """
        marker = super()._overrides_marker_intersection
        if marker.is_any():
            return marker
        text, remembered, intersect = str(marker), self._intersections, marker.intersect
        known = (text, *(f'"{extra}"' for extra in self._derived.extras))

        def intersect_once(other: BaseMarker) -> BaseMarker:
            # By its text: equal markers may be written in another order, which a lock would show.
            key = (text, _of_any_extra(str(other), known))
            if key not in remembered:
                remembered[key] = intersect(other)
            return remembered[key]

        marker = copy(marker)  # it may be shared
        vars(marker)["intersect"] = intersect_once
        return marker

    def complete_package(self, dependency_package: DependencyPackage) -> DependencyPackage:
        """Return a release with its requirements; raises OutOfStepsError at the budget's end.

        A release that no solution can contain has none. Raises FtiError for one that Poetry fails
        to read.
        """
        self._budget.step()
        self._excluded = None
        try:
            found = super().complete_package(dependency_package)
        except (IncompatibleConstraintsError, ParseConstraintError) as error:
            if dependency_package.package.is_root():
                raise
            return self._unusable(dependency_package, requirements_fault(error))
        except _READ_ERRORS as error:
            if dependency_package.package.is_root():
                raise
            raise unreadable(dependency_package.package, error) from error
        known = self._faults.get((found.package.name, found.package.version), "")
        if fault := known or own_fault(found.package) or self.bound_fault(found.package):
            return self._unusable(dependency_package, fault)
        files = self.files(found.package)
        if files is not None and (fault := files.fault(found.package)):
            return self._unusable(dependency_package, fault, partial(files.helpful, found.package))
        return DependencyPackage(found.dependency, without_itself(found.package))

    def bound_fault(self, package: Package) -> str:
        """Return that a constraint excludes a package that comes from no index, or empty text."""
        return self._view.bounds.fault(package.name, package)

    def files(self, package: Package) -> InstallableFiles | None:
        """Return the files of which a package needs one; None if it needs none."""
        return self._view.files if self._view.needs_files(package.name) else None

    def _unusable(
        self,
        release: DependencyPackage,
        fault: str,
        helpful: Callable[[], Collection[str]] | None = None,
    ) -> DependencyPackage:
        found = release.with_features(release.dependency.features)
        self._excluded = UnusableRelease(found.package, fault, helpful)
        return found

    def incompatibilities_for(self, dependency_package: DependencyPackage) -> list[Incompatibility]:
        """Return what a completed release requires, or that no solution can contain it."""
        if self._excluded is not None:
            return [self._excluded]
        return super().incompatibilities_for(dependency_package)

    def get_locked(self, dependency: Dependency) -> DependencyPackage | None:
        """Return the first preference that satisfies a requirement and is still in its index.

        Returns None if there is none.
        """
        found = super().get_locked(dependency)
        while found is not None and not self._is_available(found):
            gone, preferences = found.package, preferences_of(self)
            kept = [each for each in preferences[gone.name] if each.package is not gone]
            preferences[gone.name] = kept
            found = super().get_locked(dependency)
        return found

    def _is_available(self, found: DependencyPackage) -> bool:
        if found.package.is_direct_origin():
            return True
        try:
            package = self.get_package_from_pool(
                found.package.pretty_name,
                found.package.version,
                repository_name=found.dependency.source_name,
            )
        except PackageNotFoundError:
            return False
        if id(found.package) not in self._foreign or not is_unusual(package):
            return True
        # For this requirement only: another one may allow pre-releases, or name the version.
        choices = self.pool.find_packages(found.dependency)
        return any(choice.version == package.version for choice in choices)

    def search_for_direct_origin_dependency(self, dependency: Dependency) -> Package:
        """Return the package at a path, a URL or a commit, with narrowed requirements.

        Raises FtiError if Poetry cannot read it.
        """
        what = f"{dependency.name} ({public_url(dependency.source_url or '')})"
        try:
            with nullcontext() if self._view.builds else refused_builds(what):
                found = super().search_for_direct_origin_dependency(dependency)
        except _READ_ERRORS as error:
            raise unreadable(dependency.pretty_name, error) from error
        if found.source_type == "directory":
            from poetry_fti.bridge.project.paths.leftover_metadata import (  # noqa: PLC0415 - rare
                require_current,
            )

            require_current(found, Path(str(found.source_url)))
        self.originals[found] = found
        return self._view.package(found)


def _of_any_extra(marker: str, known: Iterable[str]) -> str:
    """Return a marker without the name of its extra, if the name makes no difference.

    Packages repeat a requirement for dozens of extras. Whether such a marker can be true depends
    on the name only if a `known` marker or extra contains it. A lock never combines the extra of
    a package with the marker of a run, so that the text of the intersection is irrelevant.
    """
    extras = _EXTRA.findall(marker)
    is_single = len(extras) == 1 and marker.count("extra") == 1 and " or " not in marker
    if is_single and not any(extras[0] in text for text in known):
        return marker.replace(f"extra == {extras[0]}", "extra")
    return marker


class ViewSolver(Solver):
    """Poetry's solver with a ViewProvider."""

    def __init__(
        self,
        package: ProjectPackage,
        pool: StagePool,
        io: IO,
        preferred: PreferredPackages,
        view: MetadataView,
    ) -> None:
        super().__init__(package, pool, [], list(preferred.packages), io)
        self._view_provider = ViewProvider(package, pool, io, preferred, view)
        replace_provider(self, self._view_provider)

        self.decisions: list[Sequence[Package]] = []

    @property
    def provider(self) -> ViewProvider:
        """The provider that the solver reads packages from."""
        return self._view_provider

    def _aggregate_solved_packages(self, packages: list[Package]) -> SolvedPackages:
        """Remember what each run of the solver has decided, before extras are merged into it."""
        extended = {package.name for package in packages if package.features}
        self.decisions.append(
            [with_requires(p, p.requires) if p.name in extended else p for p in packages]
        )
        return super()._aggregate_solved_packages(packages)


class DecidedSolver(ViewSolver):
    """A solver that is given the packages to decide on: a solution, for which it adds markers."""

    decided: Sequence[Package] = ()

    def _solve(self) -> SolvedPackages:
        return solved_packages(self, self.decided)
