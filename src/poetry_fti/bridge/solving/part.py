"""A stage on some of its targets, as a participant of the alignment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version
from poetry.core.packages.package import Package

from poetry_fti.bridge.markers import forget_algebra
from poetry_fti.bridge.solving.unit import Preferences

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

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

    @property
    def size(self) -> int:
        """How much there probably is to solve, compared with other stages."""
        return len(self.pins) + len(self.root().all_requires)


class Part:
    """A stage on the platforms of one operating system (on all of them, if it names none)."""

    def __init__(self, unit: Unit, task: Task, watch: Watch) -> None:
        self._unit = unit
        self._task = task
        self._watch = watch
        self._pinned = {(pin.name, Version(pin.version.text)) for pin in task.pins}
        self._solved: dict[frozenset[tuple[NormalizedName, Version]], Solution] = {}

    def solve(self, preferred: Mapping[NormalizedName, Version]) -> Solution:
        """Return the solution when these are tried first; raises FtiError without any."""
        key = frozenset(preferred.items())
        if key not in self._solved:
            if not self._solved:
                forget_algebra()
            with self._watch.explained():
                self._solved[key] = self._unit.solve(self._preferences(preferred))
        return self._solved[key]

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        """Return the versions with all that are wanted, None if they cannot be had together.

        Not at any price: what the project asks for itself never gets older for it.
        """
        alone = self.solve({})
        before = alone.versions()
        if self._holds(name, before):
            return None
        with self._watch.explained():
            if self._unit.refuses(alone, name, wanted[name]):
                return None
        found = self.solve(wanted).versions()
        kept = all(found.get(each, (wish,)) == (wish,) for each, wish in wanted.items())
        older = any(
            direct in found and found[direct] < before[direct]
            for direct in alone.direct - wanted.keys()
        )
        return found if kept and name in found and not older else None

    def restored(self, preferred: Mapping[NormalizedName, Version]) -> Packages:
        """Return the solution with these preferences, ready to be written."""
        return self._unit.restored(self.solve(preferred))

    def _holds(self, name: NormalizedName, versions: Versions) -> bool:
        """Tell whether a package has its previous versions, which beat those of siblings."""
        if name in self._task.latest:
            return False
        return all((name, version) in self._pinned for version in versions[name])

    def _preferences(self, preferred: Mapping[NormalizedName, Version]) -> Preferences:
        task = self._task
        first = [Package(name, str(version)) for name, version in sorted(preferred.items())]
        # A path's content may have changed, and its version in the lock with it.
        latest = {pin.name for pin in task.pins if pin.source_type == "directory"}
        latest |= set(task.latest) - preferred.keys()
        return Preferences(packages=[*first, *task.pins, *task.others], latest=latest)
