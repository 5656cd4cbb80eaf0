"""A variant of a stage: the stage on one of its operating systems, solved and aligned by itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from packaging.version import Version
from poetry.core.constraints.version import Version as PoetryVersion
from poetry.core.constraints.version import VersionRange, VersionUnion
from poetry.core.packages.package import Package

from poetry_fti.bridge.markers import clear_marker_caches
from poetry_fti.bridge.solving.budget import OutOfStepsError, StepBudget
from poetry_fti.bridge.solving.preferred import PreferredPackages
from poetry_fti.bridge.solving.solution import with_prereleases
from poetry_fti.bridge.solving.variants.stage_progress import StageProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.agreement.restrictions import Restriction
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
    from poetry_fti.bridge.lock.locked import SolvedLock
    from poetry_fti.bridge.solving.resolver import Resolver
    from poetry_fti.bridge.solving.solution import Solution, SolvedPackages
    from poetry_fti.model.constraint import Constraint
    from poetry_fti.model.platforms import Targets


# A solve with the pins of other locks, if they fit, has about one step for each pin.
_STEPS_PER_PIN: Final = 2
_MORE_STEPS: Final = 20
_ANY: Final = VersionRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTask:
    """A stage to be solved.

    `root` returns a new copy of its derived project, and `make_lock` the lock of a solution.
    `pins` are the versions of its own previous lock, `other_pins` those of other locks, which are
    preferred after its own. Packages in `latest` get the newest version that is possible,
    whatever is pinned. `overrides` are version constraints that replace those of other packages'
    requirements, and `constraints` are added to them; those of packages in `exclude` are left out.
    `is_narrowed` is true if the stage limits the project's Python or platforms, and `is_bound` if a
    rule of agreement names the stage; `builds` is false if no build may be run for metadata, and
    `wheels_only` is true if none may be for the installation either. The restrictions in `lifted`
    are ignored. `progress` receives the state.
    """

    name: str
    root: Callable[[], ProjectPackage]
    make_lock: Callable[[SolvedPackages], SolvedLock]
    targets: Targets
    overrides: Sequence[tuple[NormalizedName, str]] = ()
    exclude: Sequence[NormalizedName] = ()
    constraints: Sequence[Constraint] = ()
    pins: Sequence[Package] = ()
    other_pins: Sequence[Package] = ()
    latest: Collection[NormalizedName] = ()
    is_narrowed: bool = False
    is_bound: bool = False
    builds: bool = True
    wheels_only: bool = False
    lifted: frozenset[Restriction] = frozenset()
    progress: StageProgress = field(default_factory=StageProgress, compare=False)

    def updating(self, name: NormalizedName, pins: Sequence[Package]) -> StageTask:
        """Return the task of updating a package of the stage, whose lock now has these `pins`."""
        return replace(
            self,
            pins=pins,
            other_pins=(),
            latest=frozenset([name]),
            progress=StageProgress(),  # the stage itself has been locked
        )

    def lifting(self, lifted: frozenset[Restriction]) -> StageTask:
        """Return the task of solving the stage without some restrictions, with its own pins."""
        constraints, overrides = (
            {each.package for each in lifted if each.kind == kind}
            for kind in ("constraint", "override")
        )
        return replace(
            self,
            other_pins=(),
            latest=(),
            constraints=[each for each in self.constraints if each.name not in constraints],
            overrides=[
                (name, "*" if name in overrides else versions) for name, versions in self.overrides
            ],
            lifted=lifted,
            progress=StageProgress(),
        )

    @property
    def size(self) -> int:
        """An estimate of the work of solving the stage, to be compared with other stages'."""
        return len(self.pins) + len(self.root().all_requires)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Versions that a solve tries first; for the packages in `binding` it takes no others.

    It also takes no others than those in `limits`, which it does not try first: they have to be
    versions that the stage could choose.
    """

    preferred: frozenset[tuple[NormalizedName, tuple[Version, ...]]] = frozenset()
    binding: frozenset[NormalizedName] = frozenset()
    limits: frozenset[tuple[NormalizedName, tuple[Version, ...]]] = frozenset()


class Variant:
    """A stage on the platforms of one operating system, or on all platforms if it names none."""

    def __init__(self, resolver: Resolver, task: StageTask, monitor: IndexMonitor) -> None:
        self.resolver = resolver
        self._task = task
        self._monitor = monitor
        self._pinned = {(pin.name, Version(pin.version.text)) for pin in task.pins}
        self._solutions: dict[Preferences, Solution] = {}
        # The steps of the solution that was returned last.
        self.steps = 0

    def solve(self, preferences: Preferences, limit: int | None = None) -> Solution:
        """Return the solution for preferences; raises FtiError if there is none.

        Solutions are cached: the same preferences are solved once. Raises OutOfStepsError if the
        solver needs more steps than the limit.
        """
        if preferences == Preferences():
            return self.solve_alone(limit)
        return self._cached(
            preferences,
            lambda: self.resolver.solve(
                self._preferred(preferences, self._task.other_pins, StepBudget(limit))
            ),
        )

    def solve_alone(self, limit: int | None = None) -> Solution:
        """Return the solution without regard to other stages; see `solve`."""
        return self._cached(Preferences(), lambda: self._solve_alone(StepBudget(limit)))

    def _cached(self, preferences: Preferences, solve: Callable[[], Solution]) -> Solution:
        if preferences not in self._solutions:
            if not self._solutions:
                clear_marker_caches()
            with self._monitor.index_errors():
                self._solutions[preferences] = solve()
        self.steps = self._solutions[preferences].steps
        return self._solutions[preferences]

    def _solve_alone(self, budget: StepBudget) -> Solution:
        solution = self._with_pins_of_others() if self._task.other_pins else None
        if solution is not None and self._keeps_all_pins(solution):
            return solution
        own = self.resolver.solve(self._preferred(Preferences(), (), budget))
        if solution is None:
            return own
        # Pins of other locks must not cost the stage one of its own.
        kept, both = (self.kept_pins(each.versions()) for each in (own, solution))
        return solution if kept <= both else own

    def _with_pins_of_others(self) -> Solution | None:
        """Return a solution that prefers pins of other locks, or None if they are no help.

        They come before what the stage requires: a version that does not fit may lead the solver
        through hundreds of releases, or to older versions of what the stage requires.
        """
        allowing = with_prereleases(self.resolver.root())
        others = [pin for pin in self._task.other_pins if pin.name not in allowing]
        names = {pin.name for pin in (*self._task.pins, *others)}
        budget = StepBudget(_STEPS_PER_PIN * len(names) + _MORE_STEPS)
        try:
            solution = self.resolver.solve(self._preferred(Preferences(), others, budget))
        except OutOfStepsError:
            return None
        pinned = {(pin.name, Version(pin.version.text)) for pin in (*self._task.pins, *others)}
        free = {
            name
            for name, versions in solution.versions().items()
            if not all((name, version) in pinned for version in versions)
        }
        partial = self.resolver.partial
        return solution if partial.has_newest(partial.selection(solution), free) else None

    def solve_for_attempt(self, wanted: Versions, budget: StepBudget) -> Solution:
        """Return a solution that prefers the `wanted` versions of other stages.

        Raises FtiError if there is none, and OutOfStepsError at the end of the budget.
        """
        with self._monitor.index_errors():
            preferences = Preferences(frozenset(wanted.items()))
            return self.resolver.solve(self._preferred(preferences, (), budget))

    def is_impossible(
        self,
        solution: Solution,
        name: NormalizedName,
        version: Version,
        changed: Collection[NormalizedName],
    ) -> bool:
        """Return whether a solution with a version can be excluded at once; see `Resolver`."""
        with self._monitor.index_errors():
            return self.resolver.is_impossible(solution, name, version, changed)

    def restored(self, preferences: Preferences, limit: int | None = None) -> SolvedPackages:
        """Return the packages of the solution for preferences, with the markers for the lock.

        Raises FtiError if there is no solution, and OutOfStepsError beyond a limit of steps.
        """
        return self.resolver.restored(self.solve(preferences, limit))

    def preferred(self, versions: Versions) -> list[Package]:
        """Return the packages to try first in a joint solve: own pins, then `versions`."""
        found = [Package(*each) for each in _pairs(versions)]
        return [*(pin for pin in self._task.pins if pin.name not in self._task.latest), *found]

    @property
    def indexed_pins(self) -> set[tuple[NormalizedName, str]]:
        """Name and version of each own pin to be kept, of packages that come from an index."""
        return {
            (pin.name, pin.version.text)
            for pin in self._task.pins
            if pin.name not in self._task.latest and not pin.is_direct_origin()
        }

    def updated(self, versions: Versions) -> set[tuple[NormalizedName, str]]:
        """Return those of `versions` that an update changed, as pairs of name and version."""
        return set(_pairs(versions)) - self.indexed_pins if self._task.latest else set()

    def is_pinned(self, name: NormalizedName, solution: Solution) -> bool:
        """Return whether a package has its pinned versions, which siblings must not change."""
        if name in self._task.latest:
            return False
        versions = solution.versions()
        return name in versions and all((name, v) in self._pinned for v in versions[name])

    def _keeps_all_pins(self, solution: Solution) -> bool:
        names = {name for name, _ in self._pinned} & solution.versions().keys()
        return names <= {name for name, _ in self.kept_pins(solution.versions())}

    def kept_pins(self, versions: Versions) -> set[tuple[NormalizedName, Version]]:
        """Return the own pins among versions, except those of packages to be updated."""
        found = {(name, version) for name, each in versions.items() for version in each}
        return {pin for pin in found & self._pinned if pin[0] not in self._task.latest}

    def _preferred(
        self, preferences: Preferences, other_pins: Sequence[Package], budget: StepBudget
    ) -> PreferredPackages:
        task = self._task
        first = [
            Package(name, str(v))
            for name, versions in sorted(preferences.preferred)
            for v in reversed(versions)  # Poetry's own order
        ]
        allowed: dict[NormalizedName, VersionConstraint] = {
            name: VersionUnion.of(*(PoetryVersion.parse(str(v)) for v in versions))
            for name, versions in preferences.preferred | preferences.limits
            if name in preferences.binding or (name, versions) in preferences.limits
        }
        limited = {name for name, _ in preferences.limits}
        # The content of a path dependency may have changed, and with it the pinned version.
        latest = {pin.name for pin in task.pins if pin.source_type == "directory"}
        latest |= set(task.latest) - {package.name for package in first}
        # The solver takes a preferred version without looking whether it is allowed.
        pins = [
            pin
            for pin in (*task.pins, *other_pins)
            if pin.is_direct_origin()
            or (pin.name not in limited and allowed.get(pin.name, _ANY).allows(pin.version))
        ]
        return PreferredPackages(
            packages=[*first, *pins],
            foreign=[*(p for p in first if p.name not in preferences.binding), *other_pins],
            latest=latest,
            allowed=allowed,
            budget=budget,
        )


def _pairs(versions: Versions) -> Iterator[tuple[NormalizedName, str]]:
    return ((name, str(version)) for name, each in versions.items() for version in reversed(each))
