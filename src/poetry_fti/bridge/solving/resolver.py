"""Solving a derived project for some of its targets with Poetry's solver."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from poetry.core.constraints.version import Version
from poetry.packages import DependencyPackage
from poetry.puzzle.exceptions import OverrideNeededError
from poetry.repositories.exceptions import PackageNotFoundError

from poetry_fti.bridge.index.pool import StagePool
from poetry_fti.bridge.index.releases import with_requires
from poetry_fti.bridge.internals.private_name import exists
from poetry_fti.bridge.internals.solver import AGGREGATE, share_direct_packages
from poetry_fti.bridge.solving.attempts import UndecidedError
from poetry_fti.bridge.solving.limits import limiting, limits
from poetry_fti.bridge.solving.preferred import PreferredPackages
from poetry_fti.bridge.solving.solution import Solution
from poetry_fti.bridge.solving.solver import DecidedSolver, ViewProvider, ViewSolver
from poetry_fti.bridge.solving.summary import solver_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version as StandardVersion
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.core.version.markers import BaseMarker
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.metadata_view import MetadataView
    from poetry_fti.bridge.markers import Narrowing
    from poetry_fti.bridge.solving.attempts.partial import PartialSolver
    from poetry_fti.bridge.solving.attempts.selection import Selection
    from poetry_fti.bridge.solving.solution import SolvedPackages
    from poetry_fti.model.constraint import Constraint


class Resolver:
    """Solves a derived project as one view of the metadata shows it; see `MetadataView`."""

    def __init__(
        self,
        root: Callable[[], ProjectPackage],
        shared: RepositoryPool,
        view: MetadataView,
        io: IO,
    ) -> None:
        self._root = root
        self._shared = shared
        self.view = view
        self._io = io
        # Paths are read and repositories cloned once for all solves.
        self._direct: dict[Dependency, Package] = {}

    def root(self) -> ProjectPackage:
        """Return a new copy of the derived project, with the requirements that the view shows."""
        return self.view.root(self._root() if self.view.is_plain else self._unchanged_root)

    @cached_property
    def _unchanged_root(self) -> ProjectPackage:
        return self._root()

    def pool(self, allowed: Mapping[NormalizedName, VersionConstraint] | None = None) -> StagePool:
        """Return the indexes, with the requirements that the view shows.

        Packages in `allowed` have only versions that satisfy the constraint given there.
        """
        return StagePool(self._shared, self.view, allowed or {})

    def direct_package(self, dependency: Dependency) -> Package:
        """Return the package at a path, a URL or a commit; raises FtiError if it conflicts."""
        nothing = PreferredPackages()
        provider = ViewProvider(self.root(), self.pool(), self._io, nothing, self.view)
        share_direct_packages(provider, self._direct)
        with (
            _scratch() as folder,
            provider.use_source_root(folder),
            solver_errors(self.limiting, self.own_clash),
        ):
            return provider.search_for_direct_origin_dependency(dependency)

    def solve(self, preferences: PreferredPackages) -> Solution:
        """Return a solution; raises FtiError with Poetry's explanation if there is none.

        Raises OutOfStepsError at the end of the budget.

        The solver looks at the Pythons of a release for the first requirement only, which narrowed
        markers make the wrong one more often: such a release is excluded.
        """
        while True:
            solution = self._solve(preferences)
            misplaced = () if self.view.is_plain else solution.misplaced
            if not misplaced:
                return solution
            found = {(p.name, p.version): f"requires Python {p.python_versions}" for p in misplaced}
            preferences = replace(preferences, excluded={**preferences.excluded, **found})

    def _solve(self, preferences: PreferredPackages) -> Solution:
        root = self.root()
        pool = self.pool(preferences.allowed)
        direct = {each: each for each in preferences.packages if each.is_direct_origin()}
        locked = [self.view.package(p) if p in direct else p for p in preferences.packages]
        preferred = replace(preferences, packages=locked)
        solver = ViewSolver(root, pool, self._io, preferred, self.view)
        share_direct_packages(solver.provider, self._direct)
        return self._solution(solver, root, preferred, direct)

    def _solution(
        self,
        solver: ViewSolver,
        root: ProjectPackage,
        preferred: PreferredPackages,
        direct: Mapping[Package, Package],
    ) -> Solution:
        provider, errors = solver.provider, solver_errors(self.limiting, self.own_clash)
        with _scratch() as folder, provider.use_source_root(folder), errors:
            packages = solver.solve(use_latest=preferred.latest).get_solved_packages()
        originals = {**direct, **solver.provider.originals}
        decisions = solver.decisions[0] if len(solver.decisions) == 1 else None
        return Solution(root, packages, originals, preferred.budget.used, decisions)

    def limits(self, missing: Dependency) -> Sequence[Constraint]:
        """Return the constraints that exclude each version which satisfies a requirement."""
        return limits(missing, self.view.bounds, self._shared)

    def limiting(self, error: Exception) -> Iterable[Constraint]:
        """Return the constraints that an error of the solver is due to."""
        return limiting(error, self.view.bounds, self._shared)

    def own_clash(self, error: Exception) -> str:
        """Return which requirements of the stage exclude each other, or an empty string."""
        from poetry_fti.bridge.solving.conflict import own_clash  # noqa: PLC0415 - rarely needed

        return own_clash(error, self._unchanged_root)

    def exchanged(self, solution: Solution, selection: Selection) -> Solution | None:
        """Return a solution with the packages of a selection, which was made from it.

        None if it takes a whole solve: if a package has several versions, or if one with extras is
        required under different markers.
        """
        if not exists(AGGREGATE):
            return None
        root, preferred = self.root(), PreferredPackages()
        solver = DecidedSolver(root, self.pool(), self._io, preferred, self.view)
        share_direct_packages(solver.provider, self._direct)
        try:
            solver.decided = list(_decided(solution, selection, solver.provider.complete_package))
        except (UndecidedError, OverrideNeededError):
            return None
        found = self._solution(solver, root, preferred, solution.originals)
        return None if not self.view.is_plain and found.misplaced else found

    @cached_property
    def partial(self) -> PartialSolver:
        """The solver of some of the packages."""
        from poetry_fti.bridge.solving.attempts.partial import PartialSolver  # noqa: PLC0415 - slow

        return PartialSolver(self.root(), self._shared, self.view, self._io)

    def is_impossible(
        self,
        solution: Solution,
        name: NormalizedName,
        version: StandardVersion,
        changed: Collection[NormalizedName],
    ) -> bool:
        """Return whether a solution with this version of a package can be excluded at once.

        This saves solving for nearly all versions that are impossible. False means unknown.
        Packages in `changed` no longer have the versions of the solution.
        """
        excluding = self.view.bounds.excluding(name, Version.parse(str(version)))
        if excluding or solution.forbids(name, version, changed):
            return True
        entries = solution.entries(name)
        if not entries:  # only a solution with other preferences contains the package
            return False
        source = entries[0].source_reference
        try:
            release = self._shared.package(name, Version.parse(str(version)), source)
        except PackageNotFoundError:
            return True
        if self.lacks_files(release):
            return True
        python = solution.root.python_constraint
        covered = release.python_constraint.allows_all(python)
        return not covered and solution.needs_everywhere(name)

    def lacks_files(self, release: Package) -> bool:
        """Return whether a release has no file that can be installed on any of the targets."""
        return self.view.files is not None and bool(self.view.files.fault(release))

    def is_installable(self, solution: Solution) -> bool:
        """Return whether each package of a solution has a file for each target that needs it."""
        return self.view.files is None or not self.view.files.lacking(solution.packages)

    def restored(self, solution: Solution) -> SolvedPackages:
        """Return a solution's packages with the markers of their own metadata, for the lock.

        Requirements that apply on no target are left out, except those of packages from a path, a
        URL or a repository: a later solve may have only the lock to read them from.
        """
        if self.view.narrow is None:
            return solution.packages
        restored: SolvedPackages = {}
        for package, info in solution.packages.items():
            info.markers = _narrowed(info.markers, self.view.narrow)
            if info.markers:
                info.groups = set(info.markers)
                restored[self._restored(package, solution)] = info
        return restored

    def excluded(self, solution: Solution) -> set[NormalizedName]:
        """Return the names of the packages that a solution lacks only because they are excluded."""
        found: set[NormalizedName] = set()
        for package in solution.packages:
            original = solution.originals.get(package) or self._release(package)
            found |= self.view.excluded(original, solution.extras(original))
        return found

    def _release(self, package: Package) -> Package:
        return self._shared.package(package.name, package.version, package.source_reference)

    def _restored(self, package: Package, solution: Solution) -> Package:
        original = solution.originals.get(package)
        if original is not None:
            extras = solution.extras(original)
            return with_requires(package, self.view.declared(original, extras))
        original = self._release(package)
        extras = solution.extras(original)
        return with_requires(package, self.view.applying(original, package.requires, extras))


def _decided(
    solution: Solution,
    selection: Selection,
    complete: Callable[[DependencyPackage], DependencyPackage],
) -> Iterator[Package]:
    """Yield the packages that the solver would decide on; those of a solution where it would.

    Raises UndecidedError, or OverrideNeededError, if it would run several times.
    """
    if any(len(selection.packages.get(name, ())) > 1 for name in selection.needs):
        raise UndecidedError
    before: dict[NormalizedName, list[Package]] = {}
    for package in solution.decisions or ():
        before.setdefault(package.name, []).append(package)
    changed = selection.changed_from(solution.versions())
    for name in sorted(selection.needs):
        needed, known = selection.by_extras(name), before.get(name, [])
        if name not in changed and needed.keys() == {each.features for each in known}:
            yield from known
            continue
        for package in selection.packages.get(name, ()):  # none if it applies nowhere
            for dependency in needed.values():
                yield complete(DependencyPackage(dependency, package)).package


def _narrowed(
    markers: Mapping[NormalizedName, BaseMarker], narrow: Narrowing
) -> dict[NormalizedName, BaseMarker]:
    narrowed = {group: narrow(marker) for group, marker in markers.items()}
    return {group: marker for group, marker in narrowed.items() if not marker.is_empty()}


@contextmanager
def _scratch() -> Iterator[Path]:
    """Yield a temporary folder for clones of repositories."""
    with tempfile.TemporaryDirectory(prefix="poetry-fti-") as folder:
        yield Path(folder)
