"""The build stages of a Dockerfile in which packages and code are installed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.context.dockerignore import own_packages
from poetry_fti.exporters.docker.instructions.installation import (
    install_project,
    install_requirements,
    install_sources,
)
from poetry_fti.exporters.docker.instructions.installers import BUILD, LAYER, tool_of
from poetry_fti.exporters.docker.instructions.platform_check import check_platform
from poetry_fti.exporters.docker.instructions.sources import has_sources, trees
from poetry_fti.exporters.docker.instructions.system import build_system
from poetry_fti.exporters.docker.layers.subsets import lower_subsets, top_subset
from poetry_fti.exporters.docker.quoting import copy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model import LockedStage

CODE: Final = "code"
PROJECT: Final = "/project"
_TOOLS: Final = "tools"
_SOURCES: Final = "sources"


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
    yield f"WORKDIR {BUILD}"
    for subset in lower_subsets(locked):
        yield f"FROM builder AS {subset.name}"
        yield from install_requirements(subset)
    system = list(build_system(locked))
    if system:
        yield from (f"FROM builder AS {_TOOLS}", *system)
    yield f"FROM {_stage_with_tools(locked)} AS packages"
    yield from check_platform(locked)
    yield from install_requirements(top_subset(locked))
    if has_sources(locked):
        yield f"FROM {_stage_with_tools(locked)} AS {_SOURCES}"
        yield from [_copies(trees(locked), BUILD)] * bool(trees(locked))
        yield install_sources(locked)


def package_stage_names(locked: LockedStage) -> list[str]:
    """Return the names of the build stages that contain packages, lowest layer first."""
    below = [subset.name for subset in lower_subsets(locked)]
    return [*below, "packages", *[_SOURCES] * has_sources(locked)]


def code_stage(locked: LockedStage) -> Iterator[str]:
    """Yield the build stage that contains the project's code, copied or installed as a wheel.

    An image that installs the wheel into the Python of its base has no such stage. Raises FtiError
    if a wheel is configured but cannot be built.
    """
    image = locked.stage.image
    if image.code == "copy":
        yield f"FROM scratch AS {CODE}"
        paths = own_packages(locked) or [PurePosixPath()]
        yield _copied(paths, f"{LAYER}{image.workdir}")
    elif not image.python:
        yield f"FROM {_stage_with_tools(locked)} AS {CODE}"
        yield _copied(wheel_sources(locked), PROJECT)
        yield install_project(locked, PROJECT, wheel_sources(locked))


def wheel_sources(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the paths that the project's wheel is built from; raises FtiError without any."""
    code = locked.code
    if code.packages and code.sources:
        return (*code.sources, *code.packages)
    reason = (
        "none of its packages is found; `poetry build` says more"
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


def _copied(paths: Iterable[PurePosixPath], folder: str) -> str:
    return f"COPY --link . {folder}" if PurePosixPath() in paths else _copies(paths, folder)


def _copies(paths: Iterable[PurePosixPath], folder: str) -> str:
    return "\n".join(copy(path, f"{folder}/{path}") for path in paths)
