"""Solving a stage: from its task, by way of its variants, to the text of its lock."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.markers import Narrowing, clear_marker_caches
from poetry_fti.bridge.solving.outcome import DividedError, Independent, Solved
from poetry_fti.bridge.solving.preferred import as_preference
from poetry_fti.bridge.solving.solution import yanked_warnings
from poetry_fti.bridge.solving.variants.merge import merged
from poetry_fti.bridge.solving.variants.target_notes import LockedVariant, target_notes
from poetry_fti.bridge.solving.variants.variant import Preferences
from poetry_fti.bridge.solving.variants.variant_targets import VariantTargets, by_system
from poetry_fti.config.import_names import package_suggestion
from poetry_fti.config.messages import stage_path
from poetry_fti.errors import FtiError
from poetry_fti.model.platforms import USUAL_PLATFORMS, Platform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.package import Package

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.attempts.attempts import Attempts
    from poetry_fti.bridge.solving.obstacles import Obstacle
    from poetry_fti.bridge.solving.solution import Solution, SolvedPackages
    from poetry_fti.bridge.solving.variants.saving import Saving
    from poetry_fti.bridge.solving.variants.variant import StageTask, Variant

# A stage without platforms is aligned on these alone, which takes a fraction of the time.
_REPRESENTATIVE: Final = (Platform("linux", "amd64"),)
# What naming platforms would save is reported for stages that take more CPU time, in seconds.
SLOW: Final = 5.0


class StageSolver:
    """Solves the variants of a stage: one for each operating system among its platforms.

    A stage without platforms has at most one variant, which is aligned on its behalf: itself
    where a rule binds it, else the stage on a representative platform. Variants are named by
    the markers of their operating systems, or by an empty string.
    """

    def __init__(
        self,
        task: StageTask,
        make_variant: Callable[[StageTask, VariantTargets], Variant],
        *,
        aligned: bool,
    ) -> None:
        """Make the variants; those of a stage without platforms only if it is to be `aligned`."""
        self._seconds = 0.0
        self._task = task
        self._pins: Sequence[Package] = ()
        self._solved: list[tuple[Variant, Preferences]] = []
        self._locked: dict[str, Versions] = {}
        self._solutions: dict[str, Solution] = {}
        self._updates: dict[NormalizedName, StageSolver] = {}
        self._make_variant = make_variant
        where = VariantTargets(task.targets)
        self._universal = None if task.targets.platforms else make_variant(task, where)
        self._where = {each.marker: each for each in by_system(task.targets)}
        if aligned and self._universal is not None:
            some = replace(task.targets, platforms=_REPRESENTATIVE)
            self._where[""] = VariantTargets(some)
        self.variants = {name: make_variant(task, each) for name, each in self._where.items()}
        self._attempts: dict[str, Attempts] = {}
        if task.is_bound and self._universal is not None:  # the rule holds on every platform
            self.variants = {"": self._universal}

    def solve_independently(self) -> dict[str, Independent]:
        """Return the versions of each variant without regard to other stages; raises FtiError.

        A variant whose solution cannot be installed on some of its targets is divided first.
        """
        with self._task.progress.solving(), self._timed():
            undivided = list(self.variants) if self._universal is None else []
            while undivided:
                name = undivided.pop()
                undivided += self._divide(name, self.variants[name].solve(Preferences()))
            found = {name: each.solve(Preferences()) for name, each in self.variants.items()}
            return {
                name: Independent(each.versions(), frozenset(self._older(name, found)))
                for name, each in found.items()
            }

    def _divide(self, name: str, solution: Solution) -> list[str]:
        """Divide a variant on some of whose targets a solution cannot be installed.

        Returns the names of the new variants; none if it can be. Raises FtiError if there is
        nothing to divide: another solution has no package that is at fault, or there is none.
        """
        files = self.variants[name].resolver.view.files
        lacking = files.lacking(solution.packages) if files is not None else {}
        if files is None or not lacking:
            return []
        parts = self._where[name].divided(files.where.pythons, lacking)
        if len(parts) == 1:
            raise FtiError(files.first_fault(solution.packages))
        divided = [parts if each == name else [own] for each, own in self._where.items()]
        self._where = {each.marker: each for group in divided for each in group}
        made = {each.marker: self._make_variant(self._task, each) for each in parts}
        every = self.variants | made
        self.variants = {each: every[each] for each in self._where}
        return list(made)

    def _older(
        self, variant: str, solutions: Mapping[str, Solution]
    ) -> dict[NormalizedName, Version]:
        """Return the packages of which other variants have a newer release without a file here.

        Each has the newest of these versions.
        """
        own, resolver = solutions[variant].versions(), self.variants[variant].resolver
        found: dict[NormalizedName, Version] = {}
        for other in (each for name, each in solutions.items() if name != variant):
            for name in own.keys() & other.versions().keys():
                version = other.versions()[name][-1]
                is_newer = version > found.get(name, own[name][-1])
                if is_newer and resolver.lacks_files(other.entries(name)[-1]):
                    found[name] = version
        return found

    def attempts(self, variant: str) -> Attempts:
        """Return the attempts to give a variant other versions; they count as the stage's time."""
        if variant not in self._attempts:
            from poetry_fti.bridge.solving.attempts.attempts import Attempts  # noqa: PLC0415 - slow

            self._attempts[variant] = Attempts(self.variants[variant])
        return self._attempts[variant]

    def make_lock(self, preferences: Mapping[str, Preferences]) -> Solved:
        """Return the stage's lock for the preferences of its variants; raises FtiError.

        The text is made at once: later solves change how poetry-core writes markers.
        """
        with self._task.progress.locking(lambda: self._seconds), self._timed():
            started = time.process_time()
            packages = self._packages(preferences)
            lock = self._task.make_lock(packages)
        # In the order of the pins of a lock, on which the solver's choices depend.
        by_name = sorted(packages, key=lambda package: package.name)
        by_version = sorted(by_name, key=lambda package: package.version, reverse=True)
        self._pins = [as_preference(package) for package in by_version]
        return Solved(
            lock=lock,
            versions=self._locked,
            seconds=self._seconds,
            warnings=(*yanked_warnings(packages), *self._without_effect()),
            notes=tuple(target_notes(self._task.name, self._locked_variants())),
            unfinished=tuple(sorted(self._unfinished())),
            saving=self._saving(time.process_time() - started, len(packages)),
        )

    def _locked_variants(self) -> list[LockedVariant]:
        """Return the variants of a stage with platforms, as they have been locked."""
        found = []
        for name, solution in self._solutions.items():
            files = self.variants[name].resolver.view.files
            if files is not None:
                newer = self._older(name, self._solutions)
                versions = solution.versions()
                older = [(each, versions[each][-1], newer[each]) for each in sorted(newer)]
                where = self._where[name]
                found.append(LockedVariant(where, files, solution.packages, older))
        return found

    def _without_effect(self) -> Iterator[str]:
        """Yield a warning for each excluded package that nothing in the lock requires."""
        if not self._task.exclude:
            return
        solutions = [(variant.resolver, variant.solve(each)) for variant, each in self._solved]
        found = {name for resolver, each in solutions for name in resolver.excluded(each)}
        known = {name for _, each in solutions for name in each.versions()} | found
        for index, name in enumerate(self._task.exclude):
            if name not in found:
                path = f"{stage_path(self._task.name, 'exclude')}[{index}]"
                text = f"{path} has no effect: no package of {self._task.name} requires {name}"
                yield text + package_suggestion(name, known)

    def _unfinished(self) -> set[NormalizedName]:
        return {name for attempts in self._attempts.values() for name in attempts.unfinished}

    def obstacle(self, name: NormalizedName, version: Version) -> Obstacle:
        """Return what excludes a version of a package from the stage, whose lock has been made.

        Raises FtiError if it is unknown.
        """
        from poetry_fti.bridge.solving.obstacles import obstacle  # noqa: PLC0415 - rarely needed

        found = [obstacle(variant, each, name, version) for variant, each in self._solved]
        return min(found, key=lambda each: (each.is_possible, not each.text))

    @property
    def task(self) -> StageTask:
        """The stage to be solved."""
        return self._task

    def whole(self, task: StageTask) -> list[Variant]:
        """Return the variants of a task that cover all targets of the stage."""
        whole = [VariantTargets(task.targets)]
        where = self._where.values() if self._universal is None else whole
        return [self._make_variant(task, each) for each in where]

    def update(self, name: NormalizedName) -> StageSolver:
        """Return the solver for an update of a package in the lock that has been made."""
        if name not in self._updates:
            task = self._task.updating(name, self._pins)
            self._updates[name] = StageSolver(task, self._make_variant, aligned=True)
        return self._updates[name]

    def _saving(self, seconds: float, packages: int) -> Saving | None:
        if self._universal is None or seconds < SLOW:
            return None
        from poetry_fti.bridge.solving.variants.saving import saving  # noqa: PLC0415 - rarely needed

        targets = replace(self._task.targets, platforms=USUAL_PLATFORMS)
        narrowed = self._make_variant(self._task, VariantTargets(targets))
        return saving(self._universal, narrowed, seconds, packages)

    def _packages(self, preferences: Mapping[str, Preferences]) -> SolvedPackages:
        self._solved, self._locked, self._solutions = [], {}, {}
        if self._universal is not None:
            aligned = next(iter(preferences.values()), Preferences())
            return self._universal_packages(self._universal, aligned)
        clear_marker_caches()
        restored = [(self._where[v], self._restored(v, preferences[v])) for v in self.variants]
        if len(restored) == 1:
            return restored[0][1]
        narrow = Narrowing(self._task.targets, self._task.root().python_constraint)
        return merged(restored, narrow)

    def _restored(self, variant: str, preferences: Preferences) -> SolvedPackages:
        found = self.variants[variant]
        solution = None
        if variant in self._attempts and not self._task.is_bound:
            solution = self._attempts[variant].solution(dict(preferences.preferred))
        if solution is None:
            try:
                solution = found.solve(preferences)
            except FtiError:
                # Only a solve shows for certain that a selection is a solution.
                if self._task.is_bound or preferences == Preferences():
                    raise
                preferences = Preferences()
                solution = found.solve_alone()
        if preferences != Preferences() and not found.resolver.is_installable(solution):
            if self._task.is_bound:
                self._divide(variant, solution)
                raise DividedError(self._task.name)
            preferences = Preferences()
            solution = found.solve_alone()
        self._solved.append((found, preferences))
        self._locked[variant] = solution.versions()
        self._solutions[variant] = solution
        return found.resolver.restored(solution)

    def _universal_packages(self, universal: Variant, aligned: Preferences) -> SolvedPackages:
        from poetry_fti.bridge.solving.variants import universal as all_platforms  # noqa: PLC0415

        representative = None if self._task.is_bound else self.variants.get("")
        found = all_platforms.solve_universal(universal, representative, aligned)
        self._locked = {"": found.versions}
        self._solved = [(universal, found.preferences)]
        return universal.resolver.restored(found.solution)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Add the time inside the context to the stage's."""
        started = time.monotonic()
        try:
            yield
        finally:
            self._seconds += time.monotonic() - started
