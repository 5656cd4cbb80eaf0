"""The plan of an image's layers: which packages of a stage get a layer of their own.

It depends on the lock of the stage alone, and each layer on its packages alone, so that a change in
one stage leaves the images of the others unchanged. Images share the layers that are equal.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.layers.wheels import ImageWheels, linux_platforms
from poetry_fti.exporters.shared.reference import in_order, marked, reference
from poetry_fti.model.lock import Layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedPackage, LockedStage

# Download sizes in bytes.
SHARED_PACKAGE: Final = 5_000_000
_LARGE_PACKAGE: Final = 10_000_000
_LARGE_LAYER: Final = 50_000_000
# Engines limit the layers of an image to about 125, including those of the base image.
_MOST_LAYERS: Final = 40


def plan_layers(locked: LockedStage) -> tuple[Layer, ...]:
    """Return the layers of a stage's image, largest first.

    A stage without an image, or with one that cannot be built, has no layers.
    """
    if not linux_platforms(locked):
        return ()
    with suppress(FtiError):  # the export of the stage itself reports it
        wheels = ImageWheels(locked)
        packages = [each for each in in_order(locked.packages) if wheels.all_install(each)]
        sizes = [(package, wheels.size(package)) for package in packages]
        layers = _shared_layers(sizes) if can_share(locked) else _large_layer(sizes, locked)
        ordered = sorted(layers, key=lambda layer: (-layer.size, layer.name))
        return tuple(ordered[:_MOST_LAYERS])
    return ()


def can_share(locked: LockedStage) -> bool:
    """Return whether the image of a stage has layers that other images can share."""
    # Packages in the base's own interpreter are RUN layers, which depend on those below.
    return locked.stage.share and locked.stage.image.python is None


def unlayered(locked: LockedStage) -> list[LockedPackage]:
    """Return the packages of a stage that are in none of its layers, sorted."""
    held = {identity(package) for layer in locked.layers for package in layer.packages}
    return [package for package in in_order(locked.packages) if identity(package) not in held]


def identity(package: LockedPackage) -> str:
    """Return a text that is equal for packages of two stages if they are installed alike."""
    return marked(f"{reference(package)} {package.origin}", package)


def _shared_layers(sizes: list[tuple[LockedPackage, int]]) -> Iterator[Layer]:
    """Yield a layer for each package that is large enough, with its companions."""
    families: dict[str, list[tuple[LockedPackage, int]]] = {}
    roots = _roots(sizes, SHARED_PACKAGE)
    for package, size in sizes:
        for name, root in roots.items():
            if _belongs(package, root):
                families.setdefault(name, []).append((package, size))
                break
    for name, family in families.items():
        yield _layer(f"shared-{name}", family)


def _large_layer(sizes: list[tuple[LockedPackage, int]], locked: LockedStage) -> Iterator[Layer]:
    """Yield a layer of the stage's large packages, so that a small update does not move them."""
    roots = _roots(sizes, _LARGE_PACKAGE).values()
    large = [each for each in sizes if any(_belongs(each[0], root) for root in roots)]
    layer = _layer("large", large)
    if layer.size >= _LARGE_LAYER and len(large) < len(locked.packages):
        yield layer


def _layer(name: str, sizes: list[tuple[LockedPackage, int]]) -> Layer:
    packages = tuple(package for package, _ in sizes)
    return Layer(name=name, packages=packages, size=sum(size for _, size in sizes))


def _roots(
    sizes: list[tuple[LockedPackage, int]], smallest: int
) -> Mapping[str, list[LockedPackage]]:
    """Return the packages of a size by name, without those that belong to another one."""
    found: dict[str, list[LockedPackage]] = {}
    for package, size in sizes:
        if size >= smallest and not any(
            _belongs(package, root) for name, root in found.items() if name != package.name
        ):
            found.setdefault(package.name, []).append(package)
    return found


def _belongs(package: LockedPackage, root: list[LockedPackage]) -> bool:
    # Packages such as mlflow and mlflow-skinny install the same files: two layers would store them
    # twice.
    return any(
        package.name == each.name
        or (package.name.startswith(f"{each.name}-") and package.version == each.version)
        for each in root
    )
