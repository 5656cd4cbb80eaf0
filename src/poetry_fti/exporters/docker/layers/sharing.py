"""Which images have the same layers, and how much that saves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from poetry_fti.exporters.docker.base_image import base_image, image_python
from poetry_fti.exporters.docker.layers.plan import can_share
from poetry_fti.exporters.docker.layers.subsets import lower_subsets, subset_text
from poetry_fti.exporters.docker.layers.wheels import linux_platforms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.model.lock import LockedStage

# The names of the stages whose images have a layer, by the names of a stage and its layer.
Sharing: TypeAlias = Mapping[tuple[str, str], tuple[str, ...]]


def sharing(stages: Iterable[LockedStage]) -> Sharing:
    """Return which of these stages' images have a layer in common, for a platform of both."""
    holders: dict[object, list[tuple[LockedStage, str]]] = defaultdict(list)
    for locked in stages:
        if can_share(locked) and locked.layers:
            installed = installation(locked)
            for subset in lower_subsets(locked):
                key = (installed, subset_text(subset))
                holders[key].append((locked, subset.name))
    return {
        (locked.stage.name, name): tuple(
            sorted(other.stage.name for other, _ in found if _overlap(locked, other))
        )
        for found in holders.values()
        for locked, name in found
    }


def installation(locked: LockedStage) -> tuple[object, ...]:
    """Return what the installation of a layer depends on, apart from the layer's packages."""
    image = locked.stage.image
    base = (base_image(locked), image.dockerfile, image_python(locked))
    system = (image.ca_certificates, image.run_before, image.apt)
    return (*base, *system, image.installer, image.installer_image)


def savings(stages: Iterable[LockedStage]) -> Mapping[tuple[str, ...], tuple[int, int]]:
    """Return what each set of stages shares, in bytes: the size, and what sharing it saves."""
    chosen = list(stages)
    held = sharing(chosen)
    layers = {
        (held[locked.stage.name, layer.name], layer.name): layer.size
        for locked in chosen
        for layer in locked.layers
        if len(held.get((locked.stage.name, layer.name), ())) > 1
    }
    sizes: dict[tuple[str, ...], int] = defaultdict(int)
    for (names, _), size in layers.items():
        sizes[names] += size
    return {names: (size, (len(names) - 1) * size) for names, size in sizes.items()}


def _overlap(locked: LockedStage, other: LockedStage) -> bool:
    return not set(linux_platforms(locked)).isdisjoint(linux_platforms(other))
