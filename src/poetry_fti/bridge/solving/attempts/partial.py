"""Deciding whether a stage can have a version by solving as few packages as possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry.core.packages.dependency import Dependency
from poetry.mixology.incompatibility_cause import PythonCauseError
from poetry.puzzle.exceptions import SolverProblemError
from poetry.puzzle.provider import IncompatibleConstraintsError
from poetry.repositories.exceptions import PackageNotFoundError

from poetry_fti.bridge.index.pool import StagePool
from poetry_fti.bridge.index.releases import with_requires
from poetry_fti.bridge.internals.solver import proof_premises
from poetry_fti.bridge.solving.attempts import UndecidedError
from poetry_fti.bridge.solving.attempts.selection import (
    Selection,
    exchanged,
    needs_by_extra,
)
from poetry_fti.bridge.solving.preferred import PreferredPackages, as_preference, is_unusual
from poetry_fti.bridge.solving.solver import ViewSolver

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version, VersionConstraint
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.puzzle.solver import Solver
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.metadata_view import MetadataView
    from poetry_fti.bridge.solving.attempts.selection import NeedsByExtra
    from poetry_fti.bridge.solving.budget import StepBudget
    from poetry_fti.bridge.solving.solution import Solution


class PartialSolver:
    """Exchanges versions in the solutions of a derived project seen by one view."""

    def __init__(
        self, root: ProjectPackage, shared: RepositoryPool, view: MetadataView, io: IO
    ) -> None:
        """Take the derived project as the view shows it; it must not be changed."""
        self._root = root
        self._shared = shared
        self._view = view
        self._io = io
        self._releases: dict[tuple[NormalizedName, Version, str | None], Package] = {}
        # By identity, which is fast; the packages are kept so that it stays unique.
        self._needs: dict[int, tuple[Package, NeedsByExtra]] = {}

    def selection(self, solution: Solution) -> Selection:
        """Return the packages of a solution, for exchanges."""
        packages: dict[NormalizedName, tuple[Package, ...]] = {}
        for package in solution.packages:
            packages[package.name] = (*packages.get(package.name, ()), package)
        return Selection(self._root.all_requires, packages, self._needs_of)

    def exchange(
        self,
        selection: Selection,
        name: NormalizedName,
        version: Version,
        allowed: Mapping[NormalizedName, VersionConstraint],
        budget: StepBudget,
    ) -> Selection | None:
        """Return the selection with this version of a package, or None if that is impossible.

        Other packages may change, too, but get only versions in `allowed`. Raises UndecidedError
        if it takes all packages to find out, and OutOfStepsError at the end of the budget.
        """
        if self._view.bounds.excluding(name, version):
            return None
        present = selection.packages[name]
        sources = {each.source_reference for each in present}
        if len(sources) > 1 or any(each.is_direct_origin() for each in present):
            raise UndecidedError
        try:
            package = self._release(name, version, *sources)
        except PackageNotFoundError:
            return None
        if not package.python_constraint.allows_all(self._root.python_constraint):
            raise UndecidedError
        one = _Exchange(self, selection, package, {**allowed, name: version}, budget)
        if is_unusual(package) and one.solve(frozenset({name})) is None:
            return None
        return exchanged(selection, package, one.solve)

    def has_newest(self, selection: Selection, names: Collection[NormalizedName]) -> bool:
        """Return whether no requirement allows a newer release of the packages with these names."""
        pool = StagePool(self._shared, self._view, {})
        for name in names & selection.versions.keys():
            dependencies = [need.dependency for need in selection.needs[name]]
            if any(dependency.is_direct_origin() for dependency in dependencies):
                continue
            newest = min(
                max(each.version for each in found)
                for found in map(pool.find_packages, dependencies)
                if found
            )
            if max(package.version for package in selection.packages[name]) < newest:
                return False
        return True

    def _release(self, name: NormalizedName, version: Version, source: str | None) -> Package:
        key = (name, version, source)
        if key not in self._releases:
            self._releases[key] = self._shared.package(name, version, source)
        return self._releases[key]

    def _needs_of(self, package: Package) -> NeedsByExtra:
        known = self._needs.get(id(package))
        if known is None:
            requires = [d for d in self._read_requirements(package) if not self._is_root(d)]
            known = self._needs[id(package)] = (package, needs_by_extra(package.name, requires))
        return known[1]

    def _is_root(self, dependency: Dependency) -> bool:
        """Return whether the project itself satisfies a requirement."""
        root = self._root
        return dependency.name == root.name and dependency.constraint.allows(root.version)

    def _read_requirements(self, package: Package) -> Sequence[Dependency]:
        if package.is_direct_origin():
            return package.requires
        release = self._release(package.name, package.version, package.source_reference)
        python = self._root.python_constraint
        return [
            dependency
            for dependency in self._view.requires(release)
            if (own := dependency.python_constraint).is_any() or python.allows_any(own)
        ]

    def solve(
        self,
        names: frozenset[NormalizedName],
        requires: Sequence[Dependency],
        preferred: Sequence[Package],
        allowed: Mapping[NormalizedName, VersionConstraint],
        budget: StepBudget,
    ) -> list[Package] | None:
        """Solve packages of some names, and return them; None if there is no solution."""
        root = with_requires(self._root, requires)
        pool = StagePool(self._shared, self._view, allowed, names)
        preferences = PreferredPackages(packages=preferred, budget=budget)
        try:
            return list(self._solver(root, pool, preferences).solve().get_solved_packages())
        except (IncompatibleConstraintsError, PackageNotFoundError):
            return None
        except SolverProblemError as error:
            premises = proof_premises(error)
            # The Pythons for which a package is needed depend on packages that are left out.
            if premises is None or any(isinstance(p.cause, PythonCauseError) for p in premises):
                raise UndecidedError from error
            return None

    def _solver(
        self, root: ProjectPackage, pool: StagePool, preferred: PreferredPackages
    ) -> Solver:
        return ViewSolver(root, pool, self._io, preferred, self._view)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """The exchange of the version of one package."""

    solver: PartialSolver
    selection: Selection
    package: Package
    allowed: Mapping[NormalizedName, VersionConstraint]
    budget: StepBudget

    def solve(
        self, names: frozenset[NormalizedName]
    ) -> Mapping[NormalizedName, tuple[Package, ...]] | None:
        requires = [each for each in self.selection.required if each.name in names]
        if all(dependency.name != self.package.name for dependency in requires):
            requires.append(_unconstrained(self.selection.needs[self.package.name][0].dependency))
        preferred = [
            as_preference(package)
            for name in sorted(names - {self.package.name})
            for package in self.selection.packages.get(name, ())
        ]
        found = self.solver.solve(names, requires, preferred, self.allowed, self.budget)
        if found is None:
            return None
        packages: dict[NormalizedName, tuple[Package, ...]] = {}
        for package in found:
            packages[package.name] = (*packages.get(package.name, ()), package)
        return packages


def _unconstrained(dependency: Dependency) -> Dependency:
    """Return a requirement of any version, by the project itself, with the same source."""
    found = Dependency(dependency.name, "*", allows_prereleases=dependency.allows_prereleases())
    found.source_name = dependency.source_name
    return found
