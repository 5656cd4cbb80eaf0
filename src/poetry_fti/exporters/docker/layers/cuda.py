"""Images that contain CUDA twice: in their base image and in their packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.base_images import has_cuda
from poetry_fti.exporters.docker.base_image import base_image
from poetry_fti.exporters.docker.layers.wheels import ImageWheels, linux_platforms
from poetry_fti.wording import readable

if TYPE_CHECKING:
    from poetry_fti.model.lock import LockedStage

_PACKAGE: Final = "nvidia-"


def duplicate_cuda(locked: LockedStage) -> str:
    """Return a warning about an image that contains CUDA twice; else an empty string.

    torch, tensorflow and jax install CUDA as packages, so their base image needs none.
    """
    if not linux_platforms(locked) or not has_cuda(base_image(locked)):
        return ""
    packages = [each for each in locked.packages if each.name.startswith(_PACKAGE)]
    if not packages:
        return ""
    size = readable(sum(map(ImageWheels(locked).size, packages)))
    return (
        f"The base image {base_image(locked)} contains CUDA, and so do {len(packages)} packages of"
        f' the stage "{locked.stage.name}" ({size}). Use a base image without CUDA.'
    )
