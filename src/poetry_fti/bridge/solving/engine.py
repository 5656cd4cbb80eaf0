"""Solving several stages so that they agree wherever they can."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from poetry.core.constraints.version import parse_constraint

from poetry_fti.alignment import Unit as Aligned
from poetry_fti.alignment import align
from poetry_fti.bridge.index import watched
from poetry_fti.bridge.markers import Narrowing, forget_algebra
from poetry_fti.bridge.solving.ahead import Ahead, environments
from poetry_fti.bridge.solving.merge import merged
from poetry_fti.bridge.solving.part import Part, Sources
from poetry_fti.bridge.solving.pool import exact_pool, shared_pool
from poetry_fti.bridge.solving.unit import Unit
from poetry_fti.bridge.solving.view import View
from poetry_fti.errors import FtiError, IndexFailedError
from poetry_fti.model import Platform
from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.repositories import RepositoryPool

    from poetry_fti.alignment import Versions
    from poetry_fti.bridge.index import Watch
    from poetry_fti.bridge.solving.part import Task
    from poetry_fti.bridge.solving.unit import Packages
    from poetry_fti.model import Targets

NOT_TRIED: Final = FtiError("not tried: it would wait for the same server")
# What stands for all platforms while versions are looked for that all stages can have.
_SCOUTED: Final = (Platform("linux", "amd64"),)


@dataclass(frozen=True, slots=True)
class Solved:
    """A stage's solution as the text of its lock, and the time that it took in seconds."""

    text: str
    seconds: float


Outcome: TypeAlias = "Solved | FtiError"
_Result = TypeVar("_Result")


class _Stage:
    """A stage's parts: the platforms of each operating system, or a scout for all of them."""

    def __init__(self, task: Task, make: Callable[[Task, Targets], Part], *, scout: bool) -> None:
        self.name = task.name
        self.seconds = 0.0
        self._write = task.write
        self._whole = None if task.targets.platforms else make(task, task.targets)
        places = dict(_by_system(task.targets))
        if scout and self._whole is not None:
            places[""] = replace(task.targets, platforms=_SCOUTED)
        self._parts = {marker: make(task, place) for marker, place in places.items()}
        self.units = {marker: Aligned(part, {}) for marker, part in self._parts.items()}

    def solve(self) -> None:
        """Solve each part on its own; raises FtiError."""
        for marker, part in self._parts.items():
            self.units[marker].versions = part.solve({})

    def text(self) -> str:
        """Return the text of the stage's lock; raises FtiError.

        Written at once, since other solves change how poetry-core writes markers.
        """
        return self._write(self._packages())

    def _packages(self) -> Packages:
        if self._whole is not None:
            return self._whole.packages(self._whole.solve(self._agreed()))
        forget_algebra()
        return merged(
            [
                (marker, part.packages(self.units[marker].versions))
                for marker, part in self._parts.items()
            ]
        )

    def _agreed(self) -> Mapping[NormalizedName, Version]:
        """Return what the stage agreed on with others, if that is not what it has anyway."""
        for marker, part in self._parts.items():
            if self.units[marker].versions is not part.solve({}):
                return self.units[marker].agreed
        return {}


def _by_system(targets: Targets) -> Iterator[tuple[str, Targets]]:
    for system in dict.fromkeys(platform.os for platform in targets.platforms):
        platforms = tuple(each for each in targets.platforms if each.os == system)
        name = marker_environment(platforms[0])["sys_platform"]
        yield f'sys_platform == "{name}"', replace(targets, platforms=platforms)


def solve_stages(
    tasks: Sequence[Task],
    pool: RepositoryPool,
    io: IO,
    *,
    fixed: Sequence[Versions] = (),
    aligned: bool = True,
) -> dict[str, Outcome]:
    """Solve stages; an error of one leaves the others. Those in `fixed` keep their versions.

    With `aligned` the same version is taken in all stages that can have it.
    """
    outcomes: dict[str, Outcome] = {}
    together = aligned and len(tasks) + len(fixed) > 1
    with watched(pool) as watch:
        shared = shared_pool(pool, watch)
        ahead = _looking_ahead(tasks, shared, watch)
        make = _maker(shared, exact_pool(shared), io, watch)
        stages = [_Stage(task, make, scout=together) for task in tasks]
        solved = [stage for stage, _ in _each(stages, _Stage.solve, outcomes)]
        if together:
            align([u for s in solved for u in s.units.values()] + [Aligned(None, v) for v in fixed])
        else:
            for stage in solved:
                align(list(stage.units.values()))
        for stage, text in _each(solved, _Stage.text, outcomes):
            outcomes[stage.name] = Solved(text, stage.seconds)
        ahead.stop()
    return {task.name: outcomes[task.name] for task in tasks}


def _looking_ahead(tasks: Sequence[Task], shared: RepositoryPool, watch: Watch) -> Ahead:
    ahead = Ahead(shared)
    for task in tasks:
        root = task.root()
        ahead.prefer(task.pins)
        ahead.want(root.all_requires, environments(task.targets, str(root.python_constraint)))
    watch.on_wait, watch.on_refusal = ahead.begin, ahead.stop
    return ahead


def _maker(
    shared: RepositoryPool, exact: RepositoryPool, io: IO, watch: Watch
) -> Callable[[Task, Targets], Part]:
    sources = Sources()

    def make(task: Task, targets: Targets) -> Part:
        narrow = None
        if targets.platforms:
            narrow = Narrowing(targets, task.root().python_constraint)
        overrides = {name: parse_constraint(constraint) for name, constraint in task.overrides}
        pool = shared if targets.platforms else exact
        unit = Unit(task.root, pool, View(narrow, overrides), io)
        return Part(unit, task, sources, watch)

    return make


def _each(
    stages: Sequence[_Stage], step: Callable[[_Stage], _Result], outcomes: dict[str, Outcome]
) -> Iterator[tuple[_Stage, _Result]]:
    """Yield what a step gives for each stage; what it raises becomes the stage's outcome."""
    index_failed = False
    for stage in stages:
        started = time.monotonic()
        try:
            # An index that fails would fail for each stage, after many attempts each.
            if index_failed:
                raise NOT_TRIED
            result = step(stage)
        except FtiError as error:
            index_failed |= isinstance(error, IndexFailedError)
            outcomes[stage.name] = error
        else:
            stage.seconds += time.monotonic() - started
            yield stage, result
