"""What a Dockerfile copies into the image: the environment, files, the project's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.context.default_excludes import excluded_by
from poetry_fti.exporters.docker.instructions.builder import layer_stages
from poetry_fti.exporters.docker.instructions.code import CODE, PROJECT, wheel_sources
from poetry_fti.exporters.docker.instructions.installers import LAYER
from poetry_fti.exporters.docker.instructions.interpreter import install_packages, install_wheel
from poetry_fti.exporters.docker.quoting import copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedStage


def packages(locked: LockedStage) -> Iterator[str]:
    """Yield what brings the packages."""
    if locked.stage.image.python:
        yield from install_packages(locked)
        return
    yield "\n".join(f"COPY --link --from={name} {LAYER} /" for name in layer_stages(locked))


def own_files(locked: LockedStage) -> Iterator[str]:
    """Yield what copies the files that are configured."""
    files = locked.stage.image.copy
    if files:
        yield "\n".join(_copy_own(source, target, locked) for source, target in files)


def code(locked: LockedStage) -> Iterator[str]:
    """Yield what brings the project's code; it changes most often, so it comes last."""
    if locked.stage.image.code == "wheel" and locked.stage.image.python:
        yield install_wheel(locked, wheel_sources(locked), PROJECT)
    else:
        yield f"COPY --link --from={CODE} {LAYER} /"


def _copy_own(source: PurePosixPath, target: PurePosixPath, locked: LockedStage) -> str:
    pattern = excluded_by(source)
    if pattern:
        message = (
            f'tool.fti.stages.{locked.stage.name}.image.copy: "{source}" never comes into an image'
            f" ({pattern} in Dockerfile.dockerignore keeps it out). Mount it when the container"
            " starts, or give it another name."
        )
        raise FtiError(message)
    # Not linked: a linked copy would replace a folder, or a link to one, that is there already.
    return copy(source, str(locked.stage.image.workdir / target), link=False)
