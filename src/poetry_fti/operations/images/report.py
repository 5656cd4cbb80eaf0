"""Reports on the images of stages: layers, sizes, shared packages and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.context.dockerignore import context_paths, is_excluded
from poetry_fti.exporters.docker.layers.explain import ImageLayer, explain, not_shared
from poetry_fti.exporters.docker.layers.sharing import sharing
from poetry_fti.exporters.docker.layers.wheels import linux_platforms
from poetry_fti.operations.exports.sboms import with_sbom
from poetry_fti.operations.images.context import context_folder
from poetry_fti.operations.images.layers import (
    image_warnings,
    other_stages,
    shared_layers,
    with_layers,
)
from poetry_fti.ports.context import ContextPath, visible_paths

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

__all__ = ["ContextPath", "ImageLayer", "ImageReport", "ImagesReport", "report_images"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """The layers of a stage's image, lowest first, and why large packages are not shared.

    Each item of `not_shared` is a sentence. `context` are the files and folders that the build can
    read, relative to the build context.
    """

    stage: str
    layers: tuple[ImageLayer, ...]
    not_shared: tuple[str, ...]
    context: tuple[ContextPath, ...] = ()

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


def report_images(
    project: Project, stages: Sequence[ProjectStage], *, with_context: bool = False
) -> ImagesReport:
    """Return a report on the images of stages; stages without an image are left out.

    They are compared with the other stages that have fresh locks; a warning names the stages that
    have none. The files that a build can read are looked up only `with_context`. Raises
    StaleLockError for a missing or stale lock, IndexFailedError if a package index fails, and
    FtiError for an image that cannot be built.
    """
    project.require_fresh(*stages)
    locked = [with_sbom(project, project.locked(stage), stage) for stage in stages]
    images = [each for each in with_layers(project, locked) if linux_platforms(each)]
    others = other_stages(project, {stage.name for stage in stages})
    everything = [*images, *others.stages]
    root = project.root if with_context else None
    return ImagesReport(
        tuple(_report(each, everything, root) for each in images),
        shared_layers(images, others.stages),
        (*image_warnings(images), *others.warnings),
    )


def _report(
    locked: LockedStage, everything: Sequence[LockedStage], root: Path | None
) -> ImageReport:
    held = sharing(everything)
    return ImageReport(
        stage=locked.stage.name,
        layers=tuple(explain(locked, held)),
        not_shared=tuple(not_shared(locked, everything, held)),
        context=_context(locked, root) if root else (),
    )


def _context(locked: LockedStage, root: Path) -> tuple[ContextPath, ...]:
    return visible_paths(
        context_folder(root, locked.stage),
        context_paths(locked),
        locked.in_context,
        partial(is_excluded, locked),
    )
