"""A stage on some of its targets, as a participant of the alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version
from poetry.core.constraints.version import Version as ExactVersion
from poetry.core.constraints.version import VersionUnion
from poetry.core.packages.package import Package

from poetry_fti.bridge.markers import clear_marker_caches
from poetry_fti.bridge.solving.resolver import PreferredPackages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.agreement.alignment import Versions
    from poetry_fti.bridge.index.monitor import IndexMonitor
    from poetry_fti.bridge.lock.locked import SolvedLock
    from poetry_fti.bridge.solving.resolver import Resolver, Solution, SolvedPackages
    from poetry_fti.model import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTask:
    """A stage to be solved: its derived project, made anew by `root`, and where it runs.

    `write` makes the lock of what was solved.
    `pins` are its own old ones, `others` what it prefers after them.

    Of the packages in `latest` the newest version that fits is wanted, whatever the pins say.
    One that a rule ties to others has to agree with them wherever it runs.
    """

    name: str
    root: Callable[[], ProjectPackage]
    write: Callable[[SolvedPackages], SolvedLock]
    targets: Targets
    overrides: Sequence[tuple[NormalizedName, str]] = ()
    pins: Sequence[Package] = ()
    others: Sequence[Package] = ()
    latest: Collection[NormalizedName] = ()
    is_tied: bool = False

    @property
    def size(self) -> int:
        """How much there probably is to solve, compared with other stages."""
        return len(self.pins) + len(self.root().all_requires)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Versions that are tried first; of the packages in `binding` no others are taken."""

    preferred: frozenset[tuple[NormalizedName, tuple[Version, ...]]] = frozenset()
    binding: frozenset[NormalizedName] = frozenset()

    @classmethod
    def of(cls, preferred: Mapping[NormalizedName, Version]) -> Preferences:
        """Prefer one version of each package."""
        return cls(frozenset((name, (version,)) for name, version in preferred.items()))


class Variant:
    """A stage on the platforms of one operating system (on all of them, if it names none)."""

    def __init__(self, resolver: Resolver, task: StageTask, monitor: IndexMonitor) -> None:
        self.resolver = resolver
        self._task = task
        self._monitor = monitor
        self._pinned = {(pin.name, Version(pin.version.text)) for pin in task.pins}
        self._solved: dict[Preferences, Solution] = {}

    def solve(self, preferences: Preferences) -> Solution:
        """Return the solution for preferences; raises FtiError if there is none."""
        if preferences not in self._solved:
            if not self._solved:
                clear_marker_caches()
            with self._monitor.explained():
                self._solved[preferences] = self._solve(preferences)
        return self._solved[preferences]

    def _solve(self, preferences: Preferences) -> Solution:
        solution = self.resolver.solve(self._preferences(preferences, self._task.others))
        if preferences.preferred or not self._task.others or not self._has_moved(solution):
            return solution
        # What others have is no reason to give up a pin of one's own.
        own = self.resolver.solve(self._preferences(preferences, ()))
        return solution if self._kept(own) <= self._kept(solution) else own

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        """Return the versions with all that are wanted, None if they cannot be had together.

        Not at any price: no pin of its own is given up for it, and what the project asks for
        itself never gets older.
        """
        alone = self.solve(Preferences())
        before = alone.versions()
        if self._holds(name, before):
            return None
        with self._monitor.explained():
            if self.resolver.refuses(alone, name, wanted[name]):
                return None
        solution = self.solve(Preferences.of(wanted))
        found = solution.versions()
        kept = all(
            found.get(each, (preferences,)) == (preferences,)
            for each, preferences in wanted.items()
        )
        older = any(
            direct in found and found[direct] < before[direct]
            for direct in alone.direct - wanted.keys()
        )
        unpinned = self._kept(alone) - self._kept(solution)
        return found if kept and name in found and not older and not unpinned else None

    def restored(self, preferences: Preferences) -> SolvedPackages:
        """Return the solution for preferences, with the markers that are written to the lock."""
        return self.resolver.restored(self.solve(preferences))

    def preferred(self, versions: Versions) -> list[Package]:
        """Return what is tried first when stages are solved together: pins, then these."""
        found = [Package(*each) for each in _pairs(versions)]
        return [*(pin for pin in self._task.pins if pin.name not in self._task.latest), *found]

    @property
    def kept(self) -> set[tuple[NormalizedName, str]]:
        """The previous versions that are worth keeping, of packages that an index has."""
        return {
            (pin.name, pin.version.text)
            for pin in self._task.pins
            if pin.name not in self._task.latest and not pin.is_direct_origin()
        }

    def moved(self, versions: Versions) -> set[tuple[NormalizedName, str]]:
        """Return those of the versions that an update has brought."""
        return set(_pairs(versions)) - self.kept if self._task.latest else set()

    def _holds(self, name: NormalizedName, versions: Versions) -> bool:
        """Tell whether a package has its previous versions, which beat those of siblings."""
        if name in self._task.latest:
            return False
        return name in versions and all((name, v) in self._pinned for v in versions[name])

    def _has_moved(self, solution: Solution) -> bool:
        names = {name for name, _ in self._pinned} & solution.versions().keys()
        return not names <= {name for name, _ in self._kept(solution)}

    def _kept(self, solution: Solution) -> set[tuple[NormalizedName, Version]]:
        """Return the previous pins that a solution has, but for those that it need not keep."""
        versions = solution.versions().items()
        found = {(name, version) for name, each in versions for version in each}
        return {pin for pin in found & self._pinned if pin[0] not in self._task.latest}

    def _preferences(
        self, preferences: Preferences, others: Sequence[Package]
    ) -> PreferredPackages:
        task = self._task
        first = [
            Package(name, str(v))
            for name, versions in sorted(preferences.preferred)
            for v in versions
        ]
        allowed = {
            name: VersionUnion.of(*(ExactVersion.parse(str(v)) for v in versions))
            for name, versions in preferences.preferred
            if name in preferences.binding
        }
        # A path's content may have changed, and its version in the lock with it.
        latest = {pin.name for pin in task.pins if pin.source_type == "directory"}
        latest |= set(task.latest) - {package.name for package in first}
        packages = [*first, *task.pins, *others]
        return PreferredPackages(packages=packages, latest=latest, allowed=allowed)


def _pairs(versions: Versions) -> Iterator[tuple[NormalizedName, str]]:
    return ((name, str(version)) for name, each in versions.items() for version in each)
