"""What is measured of a contender: its images, and what is built anew after changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.images.engine import layer_names, layer_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.images.contenders import Contender
    from benchmarks.images.engine import Build, Engine
    from benchmarks.images.project import Project


class Rebuild(NamedTuple):
    """An image that was built once more: what was done, and which of its layers are new."""

    build: Build
    layers: list[str]
    new: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that is measured, by image: one image may serve several stages.

    `sizes` are the bytes of all layers that images had at any time.
    """

    images: Mapping[str, str]
    first: Mapping[str, list[str]]
    sizes: Mapping[str, int]
    cold: float
    edited: Mapping[str, Rebuild]
    changed: Mapping[str, Rebuild]

    def weight(self, layers: list[str]) -> int:
        """Return the bytes of layers; what several images share counts once."""
        return sum(self.sizes[layer] for layer in set(layers))


def measure(
    contender: Contender, project: Project, engine: Engine, change: Callable[[Project], None]
) -> Figures:
    """Build all images: cold, after an edit of the code, and after a change of a requirement."""
    contender.prepare(project)
    dockerfiles = contender.write(project)
    owners = {path: stage for stage, path in reversed(list(dockerfiles.items()))}
    images = {engine.tag(stage): path for path, stage in owners.items()}
    cold = sum(engine.build(project.root, path, tag).seconds for tag, path in images.items())
    sizes = layer_sizes(list(images))
    first = {tag: layer_names(tag) for tag in images}
    project.edit_code()
    edited = _rebuilt(engine, project, images)
    change(project)
    contender.write(project)
    changed = _rebuilt(engine, project, images)
    if new := [tag for tag, image in changed.items() if image.new]:
        sizes |= layer_sizes(new)
    return Figures(
        images={stage: engine.tag(owners[path]) for stage, path in dockerfiles.items()},
        first=first,
        sizes=sizes,
        cold=cold,
        edited=edited,
        changed=changed,
    )


def _rebuilt(engine: Engine, project: Project, images: Mapping[str, Path]) -> dict[str, Rebuild]:
    found = {}
    for tag, path in images.items():
        before = layer_names(tag)
        build = engine.build(project.root, path, tag)
        after = layer_names(tag)
        found[tag] = Rebuild(build, after, [layer for layer in after if layer not in before])
    return found
