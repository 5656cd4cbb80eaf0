"""The images of stages layer by layer, as far as the sizes of files are known without an index."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.base_image import image_python
from poetry_fti.exporters.docker.layers.explain import explain
from poetry_fti.exporters.docker.layers.installed import image_view
from poetry_fti.exporters.docker.layers.plan import plan_layers
from poetry_fti.exporters.docker.layers.sharing import sharing
from poetry_fti.exporters.docker.layers.wheels import linux_platforms
from poetry_fti.operations.check.sizes import known_sizes
from poetry_fti.operations.images.layers import shared_layers
from poetry_fti.report.data import ImageLayer, StageImage
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.exporters.docker.layers.sharing import Sharing
    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def stage_images(
    project: Project, stages: Sequence[ProjectStage]
) -> tuple[tuple[StageImage, ...], str]:
    """Return the images of stages, and a sentence on what they share; it may be empty.

    Stages that are not locked for Linux have no image. An image has a problem in place of layers if
    the lock is not fresh, if the image cannot be built, or if the sizes of its files are unknown.
    """
    found = {stage.name: _planned(project, stage) for stage in stages}
    planned = [each for each in found.values() if not isinstance(each, str | None)]
    held = sharing(planned)
    images = (_image(name, each, held) for name, each in found.items() if each is not None)
    return tuple(images), shared_layers(planned)


def _planned(project: Project, stage: ProjectStage) -> LockedStage | str | None:
    """Return a stage with the layers of its image, or a problem; None for one without an image."""
    try:
        locked = image_view(project.locked(stage))
        if not linux_platforms(locked):
            return None
        image_python(locked)  # raises an error if the base image does not fit the stage
    except FtiError as error:
        return str(error)
    sizes = known_sizes(project, stage, locked.packages)
    unknown = sum(
        bool(package.files) and not any(file.digest in sizes for file in package.files)
        for package in locked.packages
    )
    if unknown:
        return (
            f"The sizes of {counted(unknown, 'package')} are not known. Look them up with"
            f" `poetry fti image {stage.name}`."
        )
    packages = tuple(
        replace(
            package,
            files=tuple(replace(each, size=sizes.get(each.digest)) for each in package.files),
        )
        for package in locked.packages
    )
    locked = replace(locked, packages=packages)
    return replace(locked, layers=plan_layers(locked))


def _image(name: str, found: LockedStage | str, held: Sharing) -> StageImage:
    if isinstance(found, str):
        return StageImage(stage=name, problem=found)
    return StageImage(
        stage=name,
        layers=tuple(
            ImageLayer(
                name=each.name,
                holds=each.holds,
                reason=each.reason,
                size=each.size,
                packages=each.packages,
                stages=shared if len(shared := held.get((name, each.name), ())) > 1 else (),
            )
            for each in explain(found, held)
        ),
    )
