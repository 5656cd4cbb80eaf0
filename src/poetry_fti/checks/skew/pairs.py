"""Pairs of stages: one saves what the other loads, or both run the same code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from poetry_fti.checks import Transfer
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import Target, python_minors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.checks.shared.facts import CheckedProject, CheckedStage
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.model.stage import Kind
    from poetry_fti.targets import Minor

# The kinds of the stages that use what a stage of a kind makes.
_CONSUMERS: Final[Mapping[Kind, tuple[Kind, ...]]] = {
    "feature": ("training", "inference"),
    "training": ("inference",),
    "inference": (),
}
# Other builds of a package, which contain the same modules with the same versions.
_BUILDS: Final = {
    "onnxruntime-directml": "onnxruntime",
    "onnxruntime-gpu": "onnxruntime",
    "polars-lts-cpu": "polars",
    "xgboost-cpu": "xgboost",
    "xgboost-cu12": "xgboost",
    "xgboost-cu13": "xgboost",
}
# It requires cloudpickle for its worker processes; `joblib.dump` uses pickle.
_JOBLIB: Final = "joblib"
_CLOUDPICKLE: Final = "cloudpickle"


class Side:
    """A stage of a pair with its packages by name; another build has the name of the usual one."""

    def __init__(self, stage: CheckedStage) -> None:
        """Index the packages in the stage's lock."""
        self.stage = stage
        self.name = stage.name
        packages = defaultdict[str, list["LockedPackage"]](list)
        for each in stage.packages:
            packages[_BUILDS.get(each.name, each.name)].append(each)
        self.packages: Mapping[str, Sequence[LockedPackage]] = dict(packages)
        self.direct = {
            _BUILDS.get(each.name, each.name): each for each in reversed(stage.requirements)
        }

    @property
    def minors(self) -> tuple[Minor, ...]:
        """The minor versions of Python that the stage allows, ascending."""
        return python_minors(SpecifierSet(self.stage.python))

    @property
    def writers(self) -> Collection[str]:
        """The names of the packages that the stage may save objects with.

        They are all packages except cloudpickle in a stage where only joblib requires it.
        """
        names = self.packages.keys()
        requirers = {
            name
            for name, builds in self.packages.items()
            if any(each.name == _CLOUDPICKLE for build in builds for each in build.requires)
        }
        is_unused = requirers == {_JOBLIB} and _CLOUDPICKLE not in self.direct
        return names - {_CLOUDPICKLE} if is_unused else names

    def build(self, name: str) -> NormalizedName:
        """Return the name under which the lock has a package: its own or that of a build."""
        return min(each.name for each in self.packages[name])

    def newest(self, name: str) -> Version:
        """Return the newest version of a package that is in the lock."""
        return max(each.version for each in self.packages[name])

    def targets(self) -> set[Target]:
        """Return the platforms that the stage is locked for, with each Python that it allows."""
        platforms = self.stage.stage.targets.platforms or PLATFORMS
        return {Target(platform, minor) for platform in platforms for minor in self.minors}


@dataclass(frozen=True, slots=True)
class Pair:
    """A stage and one that uses what it makes.

    `saves` is true if the producer saves objects that the consumer loads; otherwise both run the
    same code.
    """

    producer: Side
    consumer: Side
    saves: bool

    @property
    def sides(self) -> tuple[Side, Side]:
        """The producer and the consumer."""
        return self.producer, self.consumer

    def transfer(
        self, versions: tuple[Version, Version | None], *, silent: bool = False
    ) -> Transfer:
        """Return what a finding records of the stages and of their versions of a package."""
        producer, consumer = versions
        return Transfer(
            producer=self.producer.name,
            consumer=self.consumer.name,
            producer_version=str(producer),
            consumer_version=None if consumer is None else str(consumer),
            silent=silent,
        )

    def versions(self, name: str) -> Collection[tuple[Version, Version]]:
        """Return the versions of a package that meet, the producer's first.

        A lock may have several versions, each for some targets. Versions meet on the targets that
        the stages have in common; where there are none, all of them do.
        """
        one, other = (side.packages.get(name, ()) for side in self.sides)
        every = {(each.version, another.version) for each, another in product(one, other)}
        if len(every) <= 1:
            return every
        return {
            (each.version, another.version)
            for target in self.producer.targets() & self.consumer.targets()
            for each, another in product(one, other)
            if _applies(each, target) and _applies(another, target)
        } or every


def pairs(project: CheckedProject) -> Iterator[Pair]:
    """Yield each pair of a producer and a consumer whose locks can be read."""
    sides = [Side(stage) for stage in project.stages if stage.is_readable]
    for consumer, producer in product(sides, sides):
        kind = producer.stage.stage.kind
        if consumer.stage.stage.kind in _CONSUMERS[kind]:
            saves = kind == "training" or project.feature_transformers
            yield Pair(producer, consumer, saves)


def _applies(package: LockedPackage, target: Target) -> bool:
    marker = package.marker
    return marker is None or any(map(marker.evaluate, target.environments()))
