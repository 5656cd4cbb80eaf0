"""What a stage's image is known to contain, before it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from poetry_fti.base_images import base_python
from poetry_fti.checks.shared.targets import targets_of
from poetry_fti.model.platforms import USUAL_PLATFORMS, Targets
from poetry_fti.targets import stage_targets

if TYPE_CHECKING:
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.platforms import Libc
    from poetry_fti.targets import Minor, StageTargets


def has_image(stage: CheckedStage) -> bool:
    """Return whether a stage has an image: whether it runs on Linux."""
    platforms = stage.stage.targets.platforms
    return not platforms or any(each.os == "linux" for each in platforms)


def is_own_base(stage: CheckedStage) -> bool:
    """Return whether files of the project decide on the base image, of which no more is known."""
    image = stage.stage.image
    return image.dockerfile is not None or (image.template is not None and image.base is None)


def image_python(stage: CheckedStage) -> Minor | None:
    """Return the version of Python that the image of a stage has; None if that is not known.

    It is the one in the name of the base image, by default the oldest that the stage allows.
    """
    image = stage.stage.image
    if is_own_base(stage) or image.python:
        return None
    if image.base:
        release = base_python(image.base)
        return (release.major, release.minor) if release else None
    return oldest_python(stage)


def oldest_python(stage: CheckedStage) -> Minor | None:
    """Return the oldest Python that a stage allows; None if it allows none, or sets no bound."""
    required = targets_of(stage).required if stage.python else []
    return required[0].python if required else None


def image_targets(stage: CheckedStage, libc: Libc | None = None) -> StageTargets:
    """Return the platforms and the Python of a stage's image, all of the stage's if unknown.

    A stage without `platforms` is judged by the most frequent one, linux/amd64. `libc` replaces the
    C library that the stage is locked for.
    """
    targets = stage.stage.targets
    linux = tuple(each for each in targets.platforms if each.os == "linux")
    own = Targets(platforms=linux or USUAL_PLATFORMS[:1], libc=libc or targets.libc)
    minor = image_python(stage)
    # An image with a Python that the stage does not allow is reported as such only.
    is_usable = minor in targets_of(stage).pythons
    python = f"=={minor[0]}.{minor[1]}.*" if minor and is_usable else stage.python
    return stage_targets(own, SpecifierSet(python))
