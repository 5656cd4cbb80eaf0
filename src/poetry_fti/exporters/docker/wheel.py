"""The part of a Dockerfile that builds the project's own package and installs it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.builder import install_project, top
from poetry_fti.exporters.docker.quoting import copy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model import LockedStage

# The stage of the build: what it holds at /opt/venv is copied over the packages' environment.
STAGE: Final = "code"
_FOLDER: Final = "/project"


def wheel(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions, if the code is to be installed as a wheel."""
    if locked.stage.image.code != "wheel":
        return
    _require_package(locked)
    yield f"FROM {top(locked)} AS {STAGE}"
    sources = (*locked.code.sources, *locked.code.packages)
    if PurePosixPath() in sources:
        yield f"COPY --link . {_FOLDER}"
    else:
        yield "\n".join(copy(path, f"{_FOLDER}/{path}") for path in sources)
    yield install_project(locked, _FOLDER)


def _require_package(locked: LockedStage) -> None:
    code = locked.code
    if code.packages and code.sources:
        return
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
