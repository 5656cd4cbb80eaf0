"""What a Dockerfile copies into the image: the environment, files, the project's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker import ignore, wheel
from poetry_fti.exporters.docker.quoting import copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from poetry_fti.model import LockedStage


def contents(locked: LockedStage) -> Iterator[str]:
    """Yield the instructions: what changes most often, the code, comes last."""
    yield "COPY --link --from=builder /opt/venv /opt/venv"
    files = locked.stage.image.copy
    if files:
        yield "\n".join(_copy_own(source, target, locked) for source, target in files)
    folder = locked.stage.image.workdir
    packages = ignore.own_packages(locked)
    if locked.stage.image.code == "wheel":
        yield f"COPY --link --from={wheel.STAGE} /opt/venv /opt/venv"
    elif packages:
        yield "\n".join(copy(path, str(folder / path)) for path in packages)
    else:
        yield f"COPY --link . {folder}"


def _copy_own(source: PurePosixPath, target: PurePosixPath, locked: LockedStage) -> str:
    pattern = ignore.denied_by(source)
    if pattern:
        message = (
            f'tool.fti.stages.{locked.stage.name}.image.copy: "{source}" never comes into an image'
            f" ({pattern} in Dockerfile.dockerignore keeps it out). Mount it when the container"
            " starts, or give it another name."
        )
        raise FtiError(message)
    # Not linked: a linked copy would replace a folder, or a link to one, that is there already.
    return copy(source, str(locked.stage.image.workdir / target), link=False)
