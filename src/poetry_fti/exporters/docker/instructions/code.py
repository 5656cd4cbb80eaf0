"""The part of a Dockerfile that makes the layer of the project's own code."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.context import dockerignore
from poetry_fti.exporters.docker.instructions.builder import copies, install_project, top
from poetry_fti.exporters.docker.instructions.installers import LAYER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry_fti.model import LockedStage

CODE: Final = "code"
PROJECT: Final = "/project"


def code_stage(locked: LockedStage) -> Iterator[str]:
    """Yield the build stage that holds the code, as it is or installed as a wheel."""
    image = locked.stage.image
    if image.code == "copy":
        yield f"FROM scratch AS {CODE}"
        paths = dockerignore.own_packages(locked) or [PurePosixPath()]
        yield _copied(paths, f"{LAYER}{image.workdir}")
    elif not image.python:
        yield f"FROM {top(locked)} AS {CODE}"
        yield _copied(wheel_sources(locked), PROJECT)
        yield install_project(locked, PROJECT)


def wheel_sources(locked: LockedStage) -> tuple[PurePosixPath, ...]:
    """Return the paths that the wheel is built of; raises FtiError where none can be."""
    code = locked.code
    if code.packages and code.sources:
        return (*code.sources, *code.packages)
    reason = (
        "none of its packages is found; `poetry build` says more"
        if code.sources
        else "the project has package-mode = false"
    )
    message = (
        f"tool.fti.stages.{locked.stage.name}.image.code: no wheel can be built: {reason}."
        ' With "copy" its files are copied as they are.'
    )
    raise FtiError(message)


def _copied(paths: Iterable[PurePosixPath], folder: str) -> str:
    return f"COPY --link . {folder}" if PurePosixPath() in paths else copies(paths, folder)
