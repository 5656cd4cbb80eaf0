"""The instructions that stop a build for a platform that the stage is not locked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.exporters.docker.layers.wheels import linux_platforms
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.model.lock import LockedStage


def check_platform(locked: LockedStage) -> Iterator[str]:
    """Yield the check of the target platform, without which packages could be compiled for it.

    A stage that is locked for every platform needs none.
    """
    if not locked.stage.targets.platforms:
        return
    platforms = list(map(str, linux_platforms(locked)))
    message = (
        f"The stage {locked.stage.name} is locked for {joined(platforms)} only."
        f" Build it with --platform {platforms[0]}."
    )
    patterns = " | ".join(f"{platform}*" for platform in platforms)
    yield "ARG TARGETPLATFORM"
    yield (
        f'RUN case "$TARGETPLATFORM" in {patterns}) ;; \\\n'
        f'    *) echo "{message}" >&2; exit 1 ;; esac'
    )
