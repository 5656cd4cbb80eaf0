"""A variant of a stage: the stage on one of its operating systems, solved and aligned by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.version import Version
from poetry.core.constraints.version import Version as PoetryVersion
from poetry.core.constraints.version import VersionRange, VersionUnion
from poetry.core.packages.package import Package

from poetry_fti.bridge.markers import clear_marker_caches
from poetry_fti.bridge.solving.resolver import PreferredPackages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.index.monitor import IndexMonitor
    from poetry_fti.bridge.lock.locked import SolvedLock
    from poetry_fti.bridge.solving.resolver import Resolver
    from poetry_fti.bridge.solving.solution import Solution, SolvedPackages
    from poetry_fti.model import Targets


_ANY: Final = VersionRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTask:
    """A stage to be solved.

    `root` returns a new copy of its derived project, and `make_lock` the lock of a solution.
    `pins` are the versions of its own previous lock, `other_pins` those of other locks, which are
    preferred after its own. Packages in `latest` get the newest version that is possible,
    whatever is pinned. `overrides` are version constraints that replace those of other packages'
    requirements. `is_bound` is true if a rule of agreement names the stage.
    """

    name: str
    root: Callable[[], ProjectPackage]
    make_lock: Callable[[SolvedPackages], SolvedLock]
    targets: Targets
    overrides: Sequence[tuple[NormalizedName, str]] = ()
    pins: Sequence[Package] = ()
    other_pins: Sequence[Package] = ()
    latest: Collection[NormalizedName] = ()
    is_bound: bool = False

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

    @classmethod
    def of(cls, preferred: Mapping[NormalizedName, Version]) -> Preferences:
        """Return preferences for one version of each package, none of them binding."""
        return cls(frozenset((name, (version,)) for name, version in preferred.items()))


class Variant:
    """A stage on the platforms of one operating system, or on all platforms if it names none."""

    def __init__(self, resolver: Resolver, task: StageTask, monitor: IndexMonitor) -> None:
        self.resolver = resolver
        self._task = task
        self._monitor = monitor
        self._pinned = {(pin.name, Version(pin.version.text)) for pin in task.pins}
        self._solutions: dict[Preferences, Solution] = {}

    def solve(self, preferences: Preferences) -> Solution:
        """Return the solution for preferences; raises FtiError if there is none.

        Solutions are cached: the same preferences are solved once.
        """
        if preferences not in self._solutions:
            if not self._solutions:
                clear_marker_caches()
            with self._monitor.index_errors():
                self._solutions[preferences] = self._solve(preferences)
        return self._solutions[preferences]

    def _solve(self, preferences: Preferences) -> Solution:
        solution = self.resolver.solve(self._preferred(preferences, self._task.other_pins))
        if preferences.preferred or not self._task.other_pins or self._keeps_all_pins(solution):
            return solution
        # Pins of other locks must not cost the stage one of its own.
        own = self.resolver.solve(self._preferred(preferences, ()))
        return solution if self._kept_pins(own) <= self._kept_pins(solution) else own

    def attempt(
        self, name: NormalizedName, required: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        """Return the versions of a solution with all `required` ones, or None if there is none.

        A solution that loses one of the stage's own pins does not count, nor does one with an
        older version of a direct requirement than the stage has without regard to others.
        `name` is the required package whose version is new since the last attempt.
        """
        independent = self.solve(Preferences())
        before = independent.versions()
        if self._is_pinned(name, before):
            return None
        with self._monitor.index_errors():
            if self.resolver.is_impossible(independent, name, required[name]):
                return None
        solution = self.solve(Preferences.of(required))
        found = solution.versions()
        satisfied = all(found.get(each, (v,)) == (v,) for each, v in required.items())
        older = any(
            direct in found and found[direct] < before[direct]
            for direct in independent.direct - required.keys()
        )
        lost = self._kept_pins(independent) - self._kept_pins(solution)
        return found if satisfied and name in found and not older and not lost else None

    def restored(self, preferences: Preferences) -> SolvedPackages:
        """Return the packages of the solution for preferences, with the markers for the lock.

        Raises FtiError if there is no solution.
        """
        return self.resolver.restored(self.solve(preferences))

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

    def _is_pinned(self, name: NormalizedName, versions: Versions) -> bool:
        """Return whether a package has its pinned versions, which siblings must not change."""
        if name in self._task.latest:
            return False
        return name in versions and all((name, v) in self._pinned for v in versions[name])

    def _keeps_all_pins(self, solution: Solution) -> bool:
        names = {name for name, _ in self._pinned} & solution.versions().keys()
        return names <= {name for name, _ in self._kept_pins(solution)}

    def _kept_pins(self, solution: Solution) -> set[tuple[NormalizedName, Version]]:
        """Return the own pins that a solution has, except of packages to be updated."""
        versions = solution.versions().items()
        found = {(name, version) for name, each in versions for version in each}
        return {pin for pin in found & self._pinned if pin[0] not in self._task.latest}

    def _preferred(
        self, preferences: Preferences, other_pins: Sequence[Package]
    ) -> PreferredPackages:
        task = self._task
        first = [
            Package(name, str(v))
            for name, versions in sorted(preferences.preferred)
            for v in versions
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
        packages = [*first, *pins]
        return PreferredPackages(packages=packages, latest=latest, allowed=allowed)


def _pairs(versions: Versions) -> Iterator[tuple[NormalizedName, str]]:
    return ((name, str(version)) for name, each in versions.items() for version in each)
