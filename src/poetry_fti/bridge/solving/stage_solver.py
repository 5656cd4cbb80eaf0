"""A stage being solved: its variants, from its task to the text of its lock."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.markers import clear_marker_caches
from poetry_fti.bridge.solving.merge import merged
from poetry_fti.bridge.solving.variant import Preferences
from poetry_fti.errors import FtiError
from poetry_fti.model import USUAL_PLATFORMS, Platform
from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.alignment import Versions
    from poetry_fti.bridge.lock.locked import SolvedLock
    from poetry_fti.bridge.solving.resolver import SolvedPackages
    from poetry_fti.bridge.solving.variant import StageTask, Variant
    from poetry_fti.model import Targets

# What stands for all platforms while versions are looked for that all stages can have.
_SCOUTED: Final = (Platform("linux", "amd64"),)
# The time in seconds from which on it is worth a word what platforms would save.
_LONG: Final = 5.0


@dataclass(frozen=True, slots=True)
class Saving:
    """What naming the usual platforms would change for a stage: seconds and packages."""

    seconds: tuple[float, float]
    packages: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Written:
    """A lock, what to warn of in it, and what naming platforms might save."""

    lock: SolvedLock
    warnings: tuple[str, ...] = ()
    saving: Saving | None = None


class StageSolver:
    """A stage's variants: the platforms of each operating system, or a scout for all of them.

    Parts have the markers that tell them apart as their names; `seconds` is the time spent.
    """

    def __init__(
        self, task: StageTask, make: Callable[[StageTask, Targets], Variant], *, scout: bool
    ) -> None:
        self.seconds = 0.0
        self._task = task
        self._make = make
        self._whole = None if task.targets.platforms else make(task, task.targets)
        places = dict(_by_system(task.targets))
        if scout and self._whole is not None:
            places[""] = replace(task.targets, platforms=_SCOUTED)
        self.variants = {marker: make(task, place) for marker, place in places.items()}
        if task.is_tied and self._whole is not None:  # a rule holds where no scout has looked, too
            self.variants = {"": self._whole}

    def first(self) -> dict[str, Versions]:
        """Return the versions of each variant on its own; raises FtiError."""
        with self._timed():
            return {
                marker: variant.solve(Preferences()).versions()
                for marker, variant in self.variants.items()
            }

    def attempt(
        self, marker: str, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        """Return the versions of a variant with all that are wanted; see `alignment.Solvable`."""
        with self._timed():
            return self.variants[marker].attempt(name, wanted)

    def written(self, preferences: Mapping[str, Preferences]) -> Written:
        """Return the stage's lock, with the preferences of its variants; raises FtiError.

        Written at once, since other solves change how poetry-core writes markers.
        """
        with self._timed() as started:
            packages = self._packages(preferences)
            lock = self._task.write(packages)
        took = time.monotonic() - started
        saving = self._saving(took, len(packages)) if took > _LONG and self._whole else None
        return Written(lock, tuple(_warnings(packages)), saving)

    def _saving(self, seconds: float, packages: int) -> Saving | None:
        started = time.monotonic()
        usual = self._make(self._task, replace(self._task.targets, platforms=USUAL_PLATFORMS))
        try:
            found = usual.restored(Preferences())
        except FtiError:
            return None
        return Saving((seconds, time.monotonic() - started), (packages, len(found)))

    def _packages(self, preferences: Mapping[str, Preferences]) -> SolvedPackages:
        if self._whole is not None:
            return self._whole.restored(next(iter(preferences.values()), Preferences()))
        clear_marker_caches()
        return merged(
            [(m, variant.restored(preferences[m])) for m, variant in self.variants.items()]
        )

    @contextmanager
    def _timed(self) -> Iterator[float]:
        started = time.monotonic()
        try:
            yield started
        finally:
            self.seconds += time.monotonic() - started


def _warnings(packages: SolvedPackages) -> Iterator[str]:
    # Poetry's solver says it with each solve, of which there may be many.
    for package in packages:
        if package.yanked:
            reason = f" Reason for being yanked: {package.yanked_reason}"
            yield (
                f"The locked version {package.pretty_version} for {package.pretty_name} is a"
                f" yanked version.{reason if package.yanked_reason else ''}"
            )


def _by_system(targets: Targets) -> Iterator[tuple[str, Targets]]:
    for system in dict.fromkeys(platform.os for platform in targets.platforms):
        platforms = tuple(each for each in targets.platforms if each.os == system)
        name = marker_environment(platforms[0])["sys_platform"]
        yield f'sys_platform == "{name}"', replace(targets, platforms=platforms)
