"""A stage on some of its targets, as a participant of the alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version
from poetry.core.packages.package import Package

from poetry_fti.bridge.markers import forget_algebra
from poetry_fti.bridge.solving.unit import Preferences

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.alignment import Versions
    from poetry_fti.bridge.index import Watch
    from poetry_fti.bridge.solving.unit import Packages, Solution, Unit
    from poetry_fti.model import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A stage to be solved: its derived project, made anew by `root`, and where it runs.

    `write` returns the text of the lock for what was solved.
    `pins` are its own old ones, `others` what it prefers after them.

    Of the packages in `latest` the newest version that fits is wanted, whatever the pins say.
    """

    name: str
    root: Callable[[], ProjectPackage]
    write: Callable[[Packages], str]
    targets: Targets
    overrides: Sequence[tuple[NormalizedName, str]] = ()
    pins: Sequence[Package] = ()
    others: Sequence[Package] = ()
    latest: Collection[NormalizedName] = ()


class Sources:
    """Where each version of a package comes from, in the stages that have it."""

    def __init__(self) -> None:
        self._known: dict[tuple[NormalizedName, str], dict[Package, None]] = {}

    def learn(self, packages: Iterable[Package]) -> None:
        """Remember packages with their sources."""
        for package in packages:
            self._known.setdefault((package.name, package.version.text), {})[package] = None

    def packages(self, name: NormalizedName, version: Version) -> list[Package]:
        """Return a version of a package from each of its sources, sorted."""
        known = self._known.get((name, str(version)), {Package(name, str(version)): None})
        plain = [_reference(package) for package in known]
        return sorted(plain, key=lambda p: (p.source_url or "", p.source_reference or ""))


def _reference(package: Package) -> Package:
    """Return a package without its requirements and files, as a preference needs it."""
    return Package(
        package.name,
        package.version,
        source_type=package.source_type,
        source_url=package.source_url,
        source_reference=package.source_reference,
        source_resolved_reference=package.source_resolved_reference,
        source_subdirectory=package.source_subdirectory,
    )


class Part:
    """A stage on the platforms of one operating system (on all of them, if it names none)."""

    def __init__(self, unit: Unit, task: Task, sources: Sources, watch: Watch) -> None:
        self._unit = unit
        self._task = task
        self._sources = sources
        self._watch = watch
        self._pinned = {(pin.name, Version(pin.version.text)) for pin in task.pins}
        self._solved: dict[frozenset[tuple[NormalizedName, Version]], Versions] = {}
        self._solutions: dict[int, Solution] = {}

    def may_change(self, name: NormalizedName, versions: tuple[Version, ...]) -> bool:
        """Tell whether other versions may be tried; see `alignment.Solvable`."""
        if name in self._task.latest:
            return True
        return not all((name, version) in self._pinned for version in versions)

    def solve(self, preferred: Mapping[NormalizedName, Version]) -> Versions:
        """Return the versions when these are tried first; raises FtiError without a solution."""
        key = frozenset(preferred.items())
        if key not in self._solved:
            if not self._solved:
                forget_algebra()
            with self._watch.explained():
                solution = self._unit.solve(self._preferences(preferred))
            self._sources.learn(solution.packages)
            self._solved[key] = versions = solution.versions()
            self._solutions[id(versions)] = solution
        return self._solved[key]

    def packages(self, versions: Versions) -> Packages:
        """Return the solution that gave these versions, ready to be written."""
        return self._unit.restored(self._solutions[id(versions)])

    def _preferences(self, preferred: Mapping[NormalizedName, Version]) -> Preferences:
        task = self._task
        first = [p for item in sorted(preferred.items()) for p in self._sources.packages(*item)]
        # A path's content may have changed, and its version in the lock with it.
        latest = {pin.name for pin in task.pins if pin.source_type == "directory"}
        latest |= set(task.latest) - preferred.keys()
        return Preferences(packages=[*first, *task.pins, *task.others], latest=latest)
