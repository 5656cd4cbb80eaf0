"""Reports on the images of stages: layers, sizes, shared packages and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.layers.explain import ImageLayer, explain, not_shared
from poetry_fti.exporters.docker.layers.sharing import sharing
from poetry_fti.exporters.docker.layers.wheels import linux_platforms
from poetry_fti.operations.images.layers import (
    image_warnings,
    other_stages,
    shared_layers,
    with_layers,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.exporters.docker.layers.sharing import Sharing
    from poetry_fti.model import LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

__all__ = ["ImageLayer", "ImageReport", "ImagesReport", "report_images"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """The layers of a stage's image, lowest first, and why large packages are not shared.

    Each item of `not_shared` is a sentence.
    """

    stage: str
    layers: tuple[ImageLayer, ...]
    not_shared: tuple[str, ...]

    @property
    def size(self) -> int:
        """The download size of all packages in bytes."""
        return sum(layer.size for layer in self.layers)


@dataclass(frozen=True, slots=True)
class ImagesReport:
    """The reports of several images, a sentence on what they share (or empty), and warnings."""

    images: tuple[ImageReport, ...]
    shared: str
    warnings: tuple[str, ...]


def report_images(project: Project, stages: Sequence[ProjectStage]) -> ImagesReport:
    """Return a report on the images of stages; stages without an image are left out.

    They are compared with the other stages that have fresh locks; a warning names the stages that
    have none.

    Raises StaleLockError for a missing or stale lock, IndexFailedError if a package index fails.
    """
    locked = [project.locked(stage) for stage in stages]
    images = [each for each in with_layers(project, locked) if linux_platforms(each)]
    others = other_stages(project, {stage.name for stage in stages})
    everything = [*images, *others.stages]
    held = sharing(everything)
    return ImagesReport(
        tuple(_report(each, everything, held) for each in images),
        shared_layers(images, others.stages),
        (*image_warnings(images), *others.warnings),
    )


def _report(locked: LockedStage, everything: Sequence[LockedStage], held: Sharing) -> ImageReport:
    return ImageReport(
        stage=locked.stage.name,
        layers=tuple(explain(locked, held)),
        not_shared=tuple(not_shared(locked, everything, held)),
    )
