"""Building the images of stages with the container engine of this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.images import bake
from poetry_fti.exporters.shared.images import has_image
from poetry_fti.operations.export import ExportRequest, render
from poetry_fti.operations.exports.sboms import SBOM
from poetry_fti.operations.images.jobs import (
    image_job,
    images_of,
    platforms,
    wanted_platforms,
)
from poetry_fti.operations.images.tags import remaining
from poetry_fti.ports.container_engine import find_engine
from poetry_fti.ports.engine_commands import BuildOptions
from poetry_fti.ports.netrc import netrc_text, own_netrc, secret_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.platforms import Platform
    from poetry_fti.operations.affected.report import AffectedReport
    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project
    from poetry_fti.ports.container_engine import ContainerEngine
    from poetry_fti.ports.engine_commands import BuildJob

_FORMATS: Final = ("requirements", "dockerfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """A container engine, the requested platforms, and whether images are pushed.

    Without platforms, an image is built for the engine's own platform or, if it is pushed, for all
    platforms of its stage.
    """

    engine: ContainerEngine
    platforms: tuple[Platform, ...]
    push: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageExport:
    """The files that images are built from, and each stage with the platforms to build for."""

    rendered: Rendered
    stages: tuple[tuple[LockedStage, tuple[Platform, ...]], ...]

    def of(self, jobs: Iterable[BuildJob]) -> list[LockedStage]:
        """Return the stages of jobs."""
        names = {job.stage for job in jobs}
        return [locked for locked, _ in self.stages if locked.stage.name in names]


def find_builder(platform_names: Iterable[str], *, push: bool) -> Builder:
    """Return a builder with the first container engine that is running.

    Raises FtiError if there is none, ConfigError for a platform that images cannot have.
    """
    wanted = wanted_platforms(platform_names)
    return Builder(engine=find_engine(), platforms=wanted, push=push)


def render_images(
    project: Project, names: Sequence[str], builder: Builder, *, sbom: bool = False
) -> ImageExport:
    """Return the files for the images of stages, by default of all stages that have images.

    They include the SBOMs that have been exported, or, with `sbom`, those of all stages. Raises
    StaleLockError for a missing or stale lock, ConfigError for an unknown stage or a platform that
    a stage does not run on, FtiError if an image cannot be built.
    """
    selected = project.select(names)
    project.require_fresh(*selected)
    locked = (project.locked(stage) for stage in selected)
    images = images_of(locked, named=bool(names))
    chosen = [
        platforms(each, builder.platforms, builder.engine, push=builder.push) for each in images
    ]
    stages = project.select([each.stage.name for each in images])
    formats = (*_FORMATS, SBOM) if sbom else _FORMATS
    rendered = render(project, ExportRequest(stages=stages, formats=formats, sboms=True))
    return ImageExport(rendered=rendered, stages=tuple(zip(rendered.images, chosen, strict=True)))


def images_to_build(
    project: Project, names: Collection[str], report: AffectedReport
) -> tuple[str, ...]:
    """Return the names of the affected stages among `names`, by default of those with images.

    Raises ConfigError for an unknown stage.
    """
    selected = {stage.name for stage in project.select(names)}
    return tuple(
        each.stage.name
        for each in report.affected
        if each.stage.name in selected and (names or has_image(each.stage))
    )


def build_jobs(project: Project, export: ImageExport, builder: Builder) -> list[BuildJob]:
    """Return a job for each image; it has a digest of the inputs, which have to be on disk."""
    return [
        image_job(locked, chosen, builder.engine, project.root, export.rendered)
        for locked, chosen in export.stages
    ]


def remaining_job(job: BuildJob, builder: Builder, *, force: bool) -> BuildJob | None:
    """Return the job with the tags that have to be written; None if all images exist.

    `force` rebuilds existing images. Raises FtiError if the registry has an image of other inputs
    with the tag of these inputs.
    """
    return remaining(job, builder.engine, push=builder.push, force=force)


def build_images(
    project: Project,
    export: ImageExport,
    jobs: Sequence[BuildJob],
    builder: Builder,
    *,
    quiet: bool,
) -> None:
    """Build images with the credentials of Poetry's settings; raises FtiError if the engine fails.

    The engine writes its output to the terminal, unless `quiet` is true.
    """
    if not jobs:
        return
    needing = {job.stage for job in jobs if job.needs_netrc}
    private = [locked for locked, _ in export.stages if locked.stage.name in needing]
    text = netrc_text(project.poetry.logins(private), own_netrc()) if private else ""
    with secret_file(text) as netrc:
        options = BuildOptions(
            definition=bake.files(export.rendered.images)[bake.FILENAME],
            push=builder.push,
            quiet=quiet,
            netrc=netrc,
            epoch=os.environ.get("SOURCE_DATE_EPOCH"),
        )
        builder.engine.build(jobs, options, project.root)
