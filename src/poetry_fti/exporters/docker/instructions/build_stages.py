"""The build stages of a Dockerfile in which packages and code are installed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.context.dockerignore import has_code, own_packages
from poetry_fti.exporters.docker.context.location import in_context
from poetry_fti.exporters.docker.instructions.installation import (
    build_folder,
    install_project,
    install_requirements,
    install_sources,
    tree_locations,
)
from poetry_fti.exporters.docker.instructions.installers import LAYER, tool_of
from poetry_fti.exporters.docker.instructions.platform_check import check_platform
from poetry_fti.exporters.docker.instructions.sources import source_subsets
from poetry_fti.exporters.docker.instructions.system import build_system
from poetry_fti.exporters.docker.layers.subsets import lower_subsets, top_subset
from poetry_fti.exporters.docker.quoting import copy, working_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model.lock import LockedStage

CODE: Final = "code"
PROJECT: Final = "/project"
_TOOLS: Final = "tools"


def package_stages(locked: LockedStage) -> Iterator[str]:
    """Yield the build stages that each install a layer of packages into a virtual environment.

    For an image that installs into the Python of its base, yield the installer's stage only.
    """
    tool = tool_of(locked)
    if tool.image:
        yield f"FROM {tool.image} AS uv"
    if locked.stage.image.python:
        return
    yield "FROM base AS builder"
    if tool.image:
        yield "COPY --link --from=uv /uv /usr/local/bin/"
    yield tool.setup
    yield working_folder(build_folder(locked))
    for subset in lower_subsets(locked):
        yield f"FROM builder AS {subset.name}"
        yield from install_requirements(subset)
    system = list(build_system(locked))
    if system:
        yield from (f"FROM builder AS {_TOOLS}", *system)
    yield f"FROM {_stage_with_tools(locked)} AS packages"
    yield from check_platform(locked)
    yield from install_requirements(top_subset(locked))
    for name, reduced in source_subsets(locked):
        yield f"FROM {_stage_with_tools(locked)} AS {name}"
        copied = [copy(source, target) for source, target in tree_locations(reduced)]
        yield from ["\n".join(copied)] * bool(copied)
        yield install_sources(reduced)


def package_stage_names(locked: LockedStage) -> list[str]:
    """Return the names of the build stages that contain packages, lowest layer first."""
    below = [subset.name for subset in lower_subsets(locked)]
    return [*below, "packages", *(name for name, _ in source_subsets(locked))]


def code_stage(locked: LockedStage) -> Iterator[str]:
    """Yield the build stage that contains the project's code, copied or installed as a wheel.

    An image without code, or one that installs the wheel into the Python of its base, has no such
    stage. Raises FtiError if a wheel is configured but cannot be built.
    """
    image = locked.stage.image
    if image.code == "copy":
        if has_code(locked):
            yield f"FROM scratch AS {CODE}"
            paths = own_packages(locked) or [PurePosixPath()]
            yield _copied(locked, paths, f"{LAYER}{image.workdir}")
    elif not image.python:
        yield f"FROM {_stage_with_tools(locked)} AS {CODE}"
        yield _copied(locked, wheel_sources(locked), PROJECT)
        yield install_project(locked, PROJECT, wheel_sources(locked))


def wheel_sources(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the paths that the project's wheel is built from; raises FtiError without any."""
    code = locked.code
    if code.packages and code.sources:
        return (*code.sources, *code.packages)
    reason = (
        "none of its packages is found; run `poetry build` for details"
        if code.sources
        else "the project has package-mode = false"
    )
    message = (
        f"{locked.stage.image_key('code')}: no wheel can be built: {reason}."
        ' With "copy" its files are copied as they are.'
    )
    raise FtiError(message)


def _stage_with_tools(locked: LockedStage) -> str:
    """Return the name of the build stage that has the system packages which builds need."""
    return _TOOLS if list(build_system(locked)) else "builder"


def _copied(locked: LockedStage, paths: Iterable[PurePosixPath], folder: str) -> str:
    if PurePosixPath() in paths:
        return copy(in_context(locked), folder)
    return "\n".join(copy(in_context(locked, path), f"{folder}/{path}") for path in paths)
