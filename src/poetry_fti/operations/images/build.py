"""Building the images of stages with the container engine of this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.bake import FILENAME
from poetry_fti.operations.export import ExportRequest, render
from poetry_fti.operations.images.jobs import (
    image_job,
    images_of,
    is_done,
    platforms,
    wanted_platforms,
)
from poetry_fti.ports.container_engine import find_engine
from poetry_fti.ports.engine_commands import BuildOptions
from poetry_fti.ports.netrc import netrc_text, own_netrc, secret_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poetry_fti.model import LockedStage, Platform
    from poetry_fti.operations.export import Rendered
    from poetry_fti.operations.project import Project
    from poetry_fti.ports.container_engine import ContainerEngine
    from poetry_fti.ports.engine_commands import BuildJob

_FORMATS: Final = ("requirements", "dockerfile", "bake")


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """A container engine, the platforms that were asked for, and whether images are pushed.

    Without platforms an image is built for the engine's own platform, or for all of its stage's
    if it is pushed.
    """

    engine: ContainerEngine
    platforms: tuple[Platform, ...]
    push: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageExport:
    """The files that images are built from, and each stage with the platforms of its image."""

    rendered: Rendered
    stages: tuple[tuple[LockedStage, tuple[Platform, ...]], ...]


def find_builder(platform_names: Iterable[str], *, push: bool) -> Builder:
    """Return the engine that answers first; raises FtiError if there is none.

    Raises ConfigError for a platform that no image has.
    """
    wanted = wanted_platforms(platform_names)
    return Builder(engine=find_engine(), platforms=wanted, push=push)


def render_images(project: Project, names: Sequence[str], builder: Builder) -> ImageExport:
    """Return what the images of stages are built from; of all stages if there is no name.

    Raises StaleLockError for a lock that is not fresh, ConfigError and FtiError for a stage that
    cannot be built for its platforms.
    """
    locked = (project.locked(stage) for stage in project.select(names))
    images = images_of(locked, named=bool(names))
    chosen = [
        platforms(each, builder.platforms, builder.engine, push=builder.push) for each in images
    ]
    stages = project.select([each.stage.name for each in images])
    rendered = render(project, ExportRequest(stages=stages, formats=_FORMATS))
    return ImageExport(rendered=rendered, stages=tuple(zip(rendered.images, chosen, strict=True)))


def build_jobs(project: Project, export: ImageExport, builder: Builder) -> list[BuildJob]:
    """Return a job for each image, with a digest of its inputs, which have to be on disk."""
    return [
        image_job(locked, chosen, builder.engine, project.root, export.rendered)
        for locked, chosen in export.stages
    ]


def is_built(job: BuildJob, builder: Builder) -> bool:
    """Return whether the engine (or the registry) has an image with the same inputs already."""
    return is_done(job, builder.engine, push=builder.push)


def build_images(
    project: Project,
    export: ImageExport,
    jobs: Sequence[BuildJob],
    builder: Builder,
    *,
    quiet: bool,
) -> None:
    """Build images on the terminal, logged in as Poetry is; raises FtiError if the engine fails."""
    if not jobs:
        return
    needing = {job.stage for job in jobs if job.needs_netrc}
    private = [locked for locked, _ in export.stages if locked.stage.name in needing]
    text = netrc_text(project.poetry.logins(private), own_netrc()) if private else ""
    with secret_file(text) as netrc:
        options = BuildOptions(
            definition=project.config.directory / FILENAME,
            push=builder.push,
            quiet=quiet,
            netrc=netrc,
            epoch=os.environ.get("SOURCE_DATE_EPOCH"),
        )
        builder.engine.build(jobs, options, project.root)
