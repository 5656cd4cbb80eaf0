"""The part of a Dockerfile that installs a stage's packages into a virtual environment."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from poetry_fti.exporters.docker.base_image import image_python
from poetry_fti.exporters.docker.instructions.installers import (
    BUILD,
    LAYER,
    hashed_mounts,
    hashed_options,
    mounts,
    run,
    tool_of,
    version_check,
    with_words,
)
from poetry_fti.exporters.docker.instructions.platform_check import check_platform
from poetry_fti.exporters.docker.instructions.sources import (
    has_sources,
    index_options,
    source_requirements,
    trees,
    trust,
    uses_ssh,
)
from poetry_fti.exporters.docker.instructions.system import build_system
from poetry_fti.exporters.docker.layers.subsets import lower_parts, own_part
from poetry_fti.exporters.docker.quoting import copy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedStage

_TOOLS: Final = "tools"
_SOURCES: Final = "sources"
# Copied to the root, a layer brings all folders with it. If the engine made one of them, the time
# of that would make it another layer wherever something else lies below it.
_LAY: Final = f"mkdir -p {LAYER}/opt && mv /opt/venv {LAYER}/opt/"


def builder(locked: LockedStage) -> Iterator[str]:
    """Yield the build stages that make a layer each; images copy them on each other."""
    tool = tool_of(locked)
    if tool.image:
        yield tool.image
    yield "FROM base AS builder"
    yield tool.setup
    yield f"WORKDIR {BUILD}"
    for part in lower_parts(locked):
        yield f"FROM builder AS {part.name}"
        yield _install_requirements(part.locked, part.path)
    system = list(build_system(locked))
    if system:
        yield from (f"FROM builder AS {_TOOLS}", *system)
    yield f"FROM {top(locked)} AS packages"
    yield from check_platform(locked)
    own = own_part(locked)
    yield _install_requirements(own.locked, own.path)
    if has_sources(locked):
        yield f"FROM {top(locked)} AS {_SOURCES}"
        yield from [copies(trees(locked), BUILD)] * bool(trees(locked))
        yield _install_sources(locked)


def layer_stages(locked: LockedStage) -> list[str]:
    """Return the names of the build stages that hold packages, the lowest first."""
    below = [part.name for part in lower_parts(locked)]
    return [*below, "packages", *[_SOURCES] * has_sources(locked)]


def copies(paths: Iterable[PurePosixPath], folder: str) -> str:
    """Return the instructions that copy paths of the project into a folder."""
    return "\n".join(copy(path, f"{folder}/{path}") for path in paths)


def top(locked: LockedStage) -> str:
    """Return the stage of the build that has all it takes to build a package."""
    return _TOOLS if list(build_system(locked)) else "builder"


def install_project(locked: LockedStage, folder: str) -> str:
    """Return the instruction that makes an environment of its own for the project in a folder."""
    # uv builds a folder that it is told of anew each time, whatever its cache holds.
    install = " ".join([tool_of(locked).install, *map(shlex.quote, index_options(locked)), folder])
    return run(mounts(locked), [*_make_environment(locked), install, _LAY])


def _install_requirements(locked: LockedStage, path: PurePosixPath) -> str:
    commands = list(_make_environment(locked))
    options = hashed_options(locked)
    if not options:
        return run([], [*commands, _LAY])
    install = f"{tool_of(locked).install} {options}"
    return run([*mounts(locked), *hashed_mounts(locked, path)], [*commands, install, _LAY])


def _make_environment(locked: LockedStage) -> Iterator[str]:
    python = image_python(locked)
    if locked.stage.image.installer == "uv":
        yield shlex.join(["uv", "venv", *(["--python", python] if python else []), "/opt/venv"])
        return
    yield shlex.join(["python3", "-c", version_check(locked)])
    yield "python3 -m venv --without-pip /opt/venv"


def _install_sources(locked: LockedStage) -> str:
    words = [*index_options(locked), *source_requirements(locked)]
    command = trust(locked) + tool_of(locked).install
    ssh = ["--mount=type=ssh"] * uses_ssh(locked)
    install = with_words(command, words)
    return run([*mounts(locked), *ssh], [*_make_environment(locked), install, _LAY])
