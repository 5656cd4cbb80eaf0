"""What the images of the stages are called, and for which platforms they are built."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.model import LockedStage, Platform

_DIGITS: Final = 12


def with_images(stages: Iterable[LockedStage]) -> list[LockedStage]:
    """Return the stages that an image can be built of: those that run on Linux."""
    return [s for s in stages if not s.stage.targets.platforms or image_platforms(s)]


def image_platforms(locked: LockedStage) -> tuple[Platform, ...]:
    """Return the platforms of a stage's image; none where it has every platform."""
    return tuple(each for each in locked.stage.targets.platforms if each.os == "linux")


def image_name(locked: LockedStage) -> str:
    """Return the repository of a stage's image, without a tag."""
    return locked.stage.image.name or normalized(f"{locked.project} {locked.stage.name}")


def lock_tag(locked: LockedStage) -> str:
    """Return the tag that tells from which lock an image was built."""
    return f"{image_name(locked)}:lock-{locked.digest.partition(':')[2][:_DIGITS]}"


def base_tag(locked: LockedStage) -> str:
    """Return the tag of a stage's own base, for those that can't build it with the stage."""
    return f"fti-base:{locked.stage.name}"


def normalized(name: str) -> str:
    """Return a name that Docker accepts."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
