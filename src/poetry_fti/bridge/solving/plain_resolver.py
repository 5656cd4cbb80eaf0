"""A derived project solved through Poetry's public interface only."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cached_property
from typing import TYPE_CHECKING

from poetry.puzzle.solver import Solver
from poetry.repositories.exceptions import PackageNotFoundError

from poetry_fti.bridge.index.builds import refused_builds
from poetry_fti.bridge.index.pool import StagePool
from poetry_fti.bridge.internals.versions import poetry_version, tested_versions
from poetry_fti.bridge.solving.attempts.partial import PartialSolver
from poetry_fti.bridge.solving.resolver import Resolver
from poetry_fti.bridge.solving.solution import Solution
from poetry_fti.bridge.solving.summary import solver_errors
from poetry_fti.errors import FtiError
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import Version
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.bridge.solving.budget import StepBudget
    from poetry_fti.bridge.solving.preferred import PreferredPackages


class PlainResolver(Resolver):
    """A derived project seen by one view, solved by Poetry's own solver.

    Packages of an index are narrowed to the view before the solver sees them. What comes from a
    path, a URL or a repository is not: there is no public way to it. It is solved for every
    target and narrowed afterwards, and it is an error if an override, an exclusion or a constraint
    with a marker applies to its requirements.

    Poetry tries the highest of the preferred versions of a package first, whatever their order.
    So a preference that is higher than one before it is left out.
    """

    def solve(self, preferences: PreferredPackages) -> Solution:
        """Return a solution; raises FtiError with Poetry's whole explanation where none exists."""
        packages = list(_in_falling_order(preferences.packages))
        try:
            return self._solved(packages, preferences)
        except PackageNotFoundError:
            # A preferred version that its index no longer has ends Poetry's solver.
            available = [package for package in packages if self._is_available(package)]
            if len(available) == len(packages):
                raise
            return self._solved(available, preferences)

    def _solved(self, packages: Iterable[Package], preferences: PreferredPackages) -> Solution:
        root = self.root()
        originals = {package: package for package in packages if package.is_direct_origin()}
        locked = [self.view.package(p) if p in originals else p for p in packages]
        pool = _CountingPool(self._shared, self.view, preferences.allowed)
        pool.budget = preferences.budget
        builds = nullcontext() if self.view.builds else refused_builds()
        with solver_errors(self.limiting, self.own_clash), builds:
            solver = Solver(root, pool, [], locked, self._io)
            solved = solver.solve(use_latest=preferences.latest).get_solved_packages()
        found = {p: p for p in solved if p.is_direct_origin() and p not in originals}
        self._require_unchanged(found)
        self._require_bounds(solved)
        originals |= found
        return Solution(root, solved, originals, preferences.budget.used)

    @cached_property
    def partial(self) -> PartialSolver:
        """The solver of some of the packages."""
        return _PlainPartialSolver(self.root(), self._shared, self.view, self._io)

    def _require_unchanged(self, packages: Iterable[Package]) -> None:
        for package in packages:
            changes = (
                ("an override", "replace", self.view.overridden(package)),
                ("`exclude`", "drop", sorted(self.view.excluded(package, package.extras))),
                ("a constraint with a marker", "limit", self.view.bounded(package)),
            )
            for setting, verb, names in changes:
                if names:
                    raise FtiError(
                        f"{package.pretty_name} requires {joined(names)}, which {setting} {verb}s."
                        f" With Poetry {poetry_version()} {setting} cannot {verb} what a package"
                        " from a path, a URL or a repository requires; poetry-fti is tested with"
                        f" Poetry {tested_versions()}."
                    )

    def _require_bounds(self, packages: Iterable[Package]) -> None:
        for package in packages:
            if fault := self.view.bounds.fault(package.name, package):
                raise FtiError(f"{package.pretty_name} {package.version} {fault}.")

    def _is_available(self, package: Package) -> bool:
        if package.is_direct_origin():
            return True
        try:
            self.pool().package(package.name, package.version, package.source_reference)
        except PackageNotFoundError:
            return False
        return True


class _PlainPartialSolver(PartialSolver):
    """A partial solver that uses Poetry's public interface only."""

    def _solver(
        self, root: ProjectPackage, pool: StagePool, preferred: PreferredPackages
    ) -> Solver:
        return Solver(root, pool, [], list(preferred.packages), self._io)


class _CountingPool(StagePool):
    """A pool that counts the releases that the solver looks up as steps of a budget."""

    budget: StepBudget

    def package(self, name: str, version: Version, repository_name: str | None = None) -> Package:
        """Return a release; raises OutOfStepsError at the end of the budget."""
        self.budget.step()
        return super().package(name, version, repository_name)


def _in_falling_order(packages: Iterable[Package]) -> Iterator[Package]:
    """Yield packages, without a version that is higher than one of the same package before it."""
    lowest: dict[NormalizedName, Package] = {}
    for package in packages:
        before = lowest.setdefault(package.name, package)
        if package.version <= before.version:
            lowest[package.name] = package
            yield package
