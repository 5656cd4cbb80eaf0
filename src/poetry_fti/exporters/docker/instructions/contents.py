"""The instructions that add packages, files and the project's code to the image itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.cyclonedx import sbom_path
from poetry_fti.exporters.docker.context.default_excludes import excluding_pattern
from poetry_fti.exporters.docker.context.dockerignore import has_code
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.instructions.build_stages import (
    CODE,
    PROJECT,
    package_stage_names,
    wheel_sources,
)
from poetry_fti.exporters.docker.instructions.installation import (
    install_project,
    install_requirements,
    install_sources,
)
from poetry_fti.exporters.docker.instructions.installers import LAYER
from poetry_fti.exporters.docker.instructions.platform_check import check_platform
from poetry_fti.exporters.docker.instructions.sources import source_subsets
from poetry_fti.exporters.docker.layers.subsets import subsets
from poetry_fti.exporters.docker.quoting import copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedStage

_SBOMS: Final = "/usr/share/sbom/"


def packages(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions that copy the packages' layers, or install into the base's Python."""
    if locked.stage.image.python:
        yield from check_platform(locked)
        for subset in subsets(locked):
            yield from install_requirements(subset)
        yield from (install_sources(subset) for _, subset in source_subsets(locked))
    else:
        names = package_stage_names(locked)
        yield "\n".join(f"COPY --link --from={name} {LAYER} /" for name in names)


def own_files(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions that copy the files of `image.copy`.

    Raises FtiError for a file that is excluded from every build.
    """
    files = locked.stage.image.copy
    if files:
        yield "\n".join(_copy_own(source, target, locked) for source, target in files)


def code(locked: LockedStage) -> Iterator[str]:
    """Yield the instruction that adds the project's code, which changes most often."""
    if locked.stage.image.code == "wheel" and locked.stage.image.python:
        yield install_project(locked, PROJECT, wheel_sources(locked))
    elif has_code(locked):
        yield f"COPY --link --from={CODE} {LAYER} /"


def sbom(locked: LockedStage) -> Iterator[str]:
    """Yield the instruction that copies the stage's SBOM to where scanners find it."""
    if locked.has_sbom:
        yield copy(in_context(locked, sbom_path(locked)), _SBOMS, link=False)


def _copy_own(source: PurePosixPath, target: PurePosixPath, locked: LockedStage) -> str:
    pattern = excluding_pattern(source)
    if pattern:
        message = (
            f'{locked.stage.image_key("copy")}: "{source}" is never included in'
            f" an image ({pattern} in Dockerfile.dockerignore excludes it). Mount it when the"
            " container starts, or give it another name."
        )
        raise FtiError(message)
    # Without --link, which would replace an existing folder, or a link to one.
    path = in_context(locked, source)
    return copy(path, str(locked.stage.image.workdir / target), link=False)
