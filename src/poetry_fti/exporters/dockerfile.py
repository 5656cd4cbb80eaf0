"""A Dockerfile for a stage, and what its build may see of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker import ignore
from poetry_fti.exporters.docker.base_image import from_base
from poetry_fti.exporters.docker.builder import builder
from poetry_fti.exporters.docker.contents import contents
from poetry_fti.exporters.docker.head import head
from poetry_fti.exporters.docker.settings import settings
from poetry_fti.exporters.docker.system import base_system
from poetry_fti.exporters.docker.user import make_user
from poetry_fti.exporters.docker.wheel import wheel
from poetry_fti.model import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model import LockedStage

NEEDS_URLS: Final = False


def files(locked: LockedStage) -> Mapping[str, str]:
    """Return Dockerfile and Dockerfile.dockerignore; nothing for a stage without Linux.

    Raises FtiError where no image can be made of the stage as it is configured.
    """
    platforms = locked.stage.targets.platforms
    if platforms and not any(platform.os == "linux" for platform in platforms):
        if locked.stage.image == Image():
            return {}
        message = f'The stage "{locked.stage.name}" has an image, but no Linux among its platforms.'
        raise FtiError(f"{message} Add linux/amd64 or linux/arm64, or remove the image table.")
    steps = (head, _base, builder, wheel, _runtime, contents, settings)
    text = "\n\n".join(block for step in steps for block in step(locked))
    return {"Dockerfile": f"{text}\n", "Dockerfile.dockerignore": ignore.render(locked)}


def _base(locked: LockedStage) -> Iterator[str]:
    yield from_base(locked)
    yield from base_system(locked)


def _runtime(locked: LockedStage) -> Iterator[str]:
    yield "FROM base"
    yield from make_user(locked)
    yield f"WORKDIR {locked.stage.image.workdir}"
