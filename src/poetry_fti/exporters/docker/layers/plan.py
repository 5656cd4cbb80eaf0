"""The plan of image layers: which packages get a layer of their own, and which stages share it."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final, TypeAlias

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.base_image import base_image, image_python
from poetry_fti.exporters.docker.layers.wheels import download_size, is_wheel, linux_platforms
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.model import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from poetry_fti.model import LockedPackage, LockedStage

# Download sizes in bytes. Smaller packages are not shared: they save little, and each of their
# updates would change the layer.
_SHARED_PACKAGE: Final = 1_000_000
_SHARED_SAVING: Final = 20_000_000
LARGE_PACKAGE: Final = 10_000_000
_LARGE_LAYER: Final = 50_000_000
# All combinations of sets are compared, so each further set doubles the time.
_MOST_SETS: Final = 10

Names: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Shared:
    """A package that several stages have in common: each stage's entry, and its size in bytes."""

    holders: Mapping[str, LockedPackage]
    size: int

    @property
    def names(self) -> Names:
        return frozenset(self.holders)

    def merged(self, stages: Collection[str]) -> LockedPackage:
        """Return one package with the files of all stages, which differ with their platforms."""
        packages = [self.holders[name] for name in sorted(stages)]
        files = {(file.name, file.digest): file for each in packages for file in each.files}
        return replace(packages[0], files=tuple(files.values()), requires=())


def plan_layers(stages: Sequence[LockedStage]) -> Mapping[str, tuple[Layer, ...]]:
    """Return the layers of each stage's image, by stage name; the most widely shared come first.

    Of all divisions of the shared packages into layers, the one that saves most download size is
    chosen. A stage without an image, or with one that cannot be built, has no layers.
    """
    found: dict[str, tuple[Layer, ...]] = {locked.stage.name: () for locked in stages}
    for group in _alike(stages):
        shared = _shared_layers(_common(group))
        for locked in group:
            below = [layer for layer in shared if locked.stage.name in layer.stages]
            found[locked.stage.name] = (*below, *_large_layer(locked, below))
    return found


def unlayered(locked: LockedStage) -> list[LockedPackage]:
    """Return the packages of a stage that are in none of its layers, sorted."""
    held = {identity(package) for layer in locked.layers for package in layer.packages}
    return [package for package in in_order(locked.packages) if identity(package) not in held]


def _alike(stages: Iterable[LockedStage]) -> Iterable[list[LockedStage]]:
    """Group the stages that can share layers: with the same base image, steps and installer."""
    groups: dict[object, list[LockedStage]] = defaultdict(list)
    for locked in sorted(stages, key=lambda each: each.stage.name):
        if not linux_platforms(locked):
            continue
        image = locked.stage.image
        with suppress(FtiError):  # the export of the stage itself reports it
            base = (base_image(locked), image.dockerfile, image_python(locked))
            # Packages in the base's own interpreter are RUN layers, which depend on those below.
            own = locked.stage.name if image.python else None
            installer = (image.installer, image.installer_image)
            system = (image.ca_certificates, image.run_before, image.apt)
            groups[base, system, installer, own].append(locked)
    return groups.values()


def identity(package: LockedPackage) -> str:
    """Return a text that is equal for packages of two stages if they are installed alike."""
    return marked(f"{reference(package)} {package.origin}", package)


def _common(stages: Iterable[LockedStage]) -> list[_Shared]:
    found: dict[str, dict[str, LockedPackage]] = defaultdict(dict)
    sizes: dict[str, int] = defaultdict(int)
    for locked in stages:
        for package in locked.packages:
            if is_wheel(package, locked):
                key = identity(package)
                found[key][locked.stage.name] = package
                sizes[key] = max(sizes[key], download_size(package, locked))
    return [
        _Shared(holders, sizes[key])
        for key, holders in sorted(found.items())
        if len(holders) > 1 and sizes[key] >= _SHARED_PACKAGE and _overlap(holders.values())
    ]


def _overlap(packages: Iterable[LockedPackage]) -> bool:
    digests = [{file.digest for file in package.files} for package in packages]
    return bool(set.intersection(*digests))


def _shared_layers(packages: Sequence[_Shared]) -> list[Layer]:
    """Return the layers of the combination of stage sets that saves most."""
    sets = _candidates(packages)
    best: list[Layer] = []
    for count in range(1, len(sets) + 1):
        for family in combinations(sets, count):
            layers = _divided(packages, family)
            worth = all(layer.saving >= _SHARED_SAVING for layer in layers)
            if worth and _saving(layers) > _saving(best):
                best = layers
    return sorted(best, key=lambda layer: (-len(layer.stages), layer.stages))


def _candidates(packages: Iterable[_Shared]) -> list[Names]:
    held = {package.names for package in packages}
    sets = held | {a & b for a, b in combinations(held, 2) if len(a & b) > 1}
    most = {
        names: (len(names) - 1) * sum(each.size for each in packages if names <= each.names)
        for names in sets
    }
    worth = [names for names in sets if most[names] >= _SHARED_SAVING]
    return sorted(worth, key=lambda names: (-most[names], sorted(names)))[:_MOST_SETS]


def _divided(packages: Iterable[_Shared], family: Iterable[Names]) -> list[Layer]:
    """Return a layer for each set of stages.

    A package is put into the layer of the largest set whose stages all have it, and then, for the
    stages that remain, into the next largest.
    """
    held: dict[Names, list[_Shared]] = {names: [] for names in family}
    largest = sorted(held, key=lambda names: (-len(names), sorted(names)))
    for package in packages:
        left = package.names
        for names in largest:
            if names <= left:
                held[names].append(package)
                left -= names
    return [
        Layer(
            stages=tuple(sorted(names)),
            packages=tuple(in_order(package.merged(names) for package in found)),
            size=sum(package.size for package in found),
        )
        for names, found in held.items()
    ]


def _saving(layers: Iterable[Layer]) -> int:
    return sum(layer.saving for layer in layers)


def _large_layer(locked: LockedStage, shared: Iterable[Layer]) -> Iterable[Layer]:
    """Yield a layer of the stage's large packages, so that a small update does not move them."""
    rest = unlayered(replace(locked, layers=tuple(shared)))
    sizes = {
        package: download_size(package, locked) for package in rest if is_wheel(package, locked)
    }
    names = [package.name for package, size in sizes.items() if size >= LARGE_PACKAGE]
    large = [package for package in sizes if any(_is_part(package.name, name) for name in names)]
    size = sum(sizes[package] for package in large)
    if size >= _LARGE_LAYER and len(large) < len(rest):
        yield Layer(stages=(locked.stage.name,), packages=tuple(large), size=size)


def _is_part(name: str, large: str) -> bool:
    # Packages such as mlflow and mlflow-skinny install the same files: two layers would store them
    # twice.
    return name == large or name.startswith(f"{large}-")
