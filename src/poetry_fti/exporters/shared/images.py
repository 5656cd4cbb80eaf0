"""The names and the platforms of the stages' container images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from poetry_fti.wording import digest_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.platforms import Platform
    from poetry_fti.model.stage import Stage


def with_images(stages: Iterable[LockedStage]) -> list[LockedStage]:
    """Return the stages that have an image: those that run on Linux."""
    return [locked for locked in stages if has_image(locked.stage)]


def has_image(stage: Stage) -> bool:
    """Return whether a stage has an image: Linux is among its platforms, or it runs on any."""
    platforms = stage.targets.platforms
    return not platforms or any(each.os == "linux" for each in platforms)


def image_platforms(locked: LockedStage) -> tuple[Platform, ...]:
    """Return the Linux platforms of a stage; an empty tuple if the stage runs on any platform."""
    return tuple(each for each in locked.stage.targets.platforms if each.os == "linux")


def image_name(locked: LockedStage) -> str:
    """Return the repository of a stage's image, without a tag."""
    image, derived = locked.stage.image, normalized(f"{locked.project} {locked.stage.name}")
    return image.name or "/".join([*filter(None, [image.registry]), derived])


def inputs_tag(locked: LockedStage, digest: str) -> str:
    """Return the reference of a stage's image, with a tag derived from the digest of its inputs."""
    return f"{image_name(locked)}:inputs-{digest_name(digest)}"


def base_tag(locked: LockedStage) -> str:
    """Return the reference of the base image that the project's own Dockerfile builds.

    Only tools that cannot build the base together with the stage's image need it.
    """
    return f"fti-base:{locked.stage.name}"


def normalized(name: str) -> str:
    """Return a name that is valid in an image reference: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
