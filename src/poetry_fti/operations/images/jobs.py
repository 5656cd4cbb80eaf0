"""Build jobs: which images to build, for which platforms, and which of them already exist."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.exporters.docker.base_image import BASE_CONTEXT
from poetry_fti.exporters.docker.context.dockerignore import context_paths, is_excluded
from poetry_fti.exporters.docker.instructions.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.images.bake import base_target
from poetry_fti.exporters.shared.images import (
    base_tag,
    image_name,
    image_platforms,
    inputs_tag,
    with_images,
)
from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.operations.images.context import context_folder
from poetry_fti.ports.context import inputs_digest
from poetry_fti.ports.engine_commands import BaseImageJob, BuildJob
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.model.platforms import Platform
    from poetry_fti.operations.export import Rendered
    from poetry_fti.ports.container_engine import ContainerEngine

_INPUTS: Final = "poetry-fti.inputs"
# No input: an image does not depend on all of the lock, such as the packages for development.
LOCK_LABEL: Final = "poetry-fti.lock"
_LINUX: Final = {str(platform): platform for platform in PLATFORMS if platform.os == "linux"}


def wanted_platforms(names: Iterable[str]) -> tuple[Platform, ...]:
    """Return the platforms with these names; raises ConfigError for one that is not Linux."""
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in _LINUX:
            known = f"(images run on: {', '.join(_LINUX)})"
            raise ConfigError(f'Unknown platform "{name}"{suggestion(name, _LINUX)} {known}.')
    return tuple(platform for name, platform in _LINUX.items() if name in wanted)


def images_of(stages: Iterable[LockedStage], *, named: bool) -> list[LockedStage]:
    """Return the stages that have images, which are those with Linux among their platforms.

    Raises FtiError if no stage has an image or, if the user has `named` them, one of them has none.
    """
    requested = list(stages)
    images = with_images(requested)
    lacking = [locked.stage.name for locked in requested if locked not in images]
    if lacking and (named or not images):
        message = f'The stage "{lacking[0]}" has no image: none of its platforms is Linux.'
        raise FtiError(f"{message} Add linux/amd64 or linux/arm64, and lock it again.")
    return images


def platforms(
    locked: LockedStage, wanted: tuple[Platform, ...], engine: ContainerEngine, *, push: bool
) -> tuple[Platform, ...]:
    """Return the target platforms, or an empty tuple for the engine's native platform.

    Raises ConfigError for a platform that the stage does not run on, FtiError if the engine cannot
    build for the platforms.
    """
    own, name = image_platforms(locked), locked.stage.name
    for platform in wanted:
        if own and platform not in own:
            message = f'The stage "{name}" does not run on {platform}, only on {_listed(own)}.'
            key = f"tool.fti.stages.{name}.platforms"
            raise ConfigError(f"{message} Add it to {key}, and lock it again.")
    chosen = wanted or (own if push else tuple(p for p in own if str(p) == engine.platform))
    if own and not chosen:
        message = f'The stage "{name}" runs on {_listed(own)}, the engine on {engine.platform}.'
        raise FtiError(f"{message} Pass a --platform that the engine can emulate.")
    if len(chosen) > 1 and not engine.can_bake:
        message = f"{engine.program} without buildx builds for one platform at a time"
        raise FtiError(f"{message}, not for {_listed(chosen)}. Select one with --platform.")
    return chosen


def image_job(
    locked: LockedStage,
    chosen: tuple[Platform, ...],
    engine: ContainerEngine,
    root: Path,
    rendered: Rendered,
) -> BuildJob:
    """Return the build job of a stage, with a digest of all inputs of its image."""
    dockerfile = locked.folder / "Dockerfile"
    where = _listed(chosen) or engine.platform
    tag = os.environ.get("TAG")
    digest = inputs_digest(
        context_folder(root, locked.stage),
        context_paths(locked),
        partial(is_excluded, locked),
        [rendered.texts[dockerfile], where, os.environ.get("SOURCE_DATE_EPOCH", "")],
    )
    return BuildJob(
        stage=locked.stage.name,
        dockerfile=dockerfile,
        tags=(inputs_tag(locked, digest), *([f"{image_name(locked)}:{tag}"] if tag else [])),
        inputs=(_INPUTS, digest),
        labels=((LOCK_LABEL, locked.digest),),
        platforms=chosen,
        needs_netrc=needs_credentials(locked),
        needs_ssh=uses_ssh(locked),
        base=_base(locked),
        context=str(locked.stage.image.context),
    )


def _base(locked: LockedStage) -> BaseImageJob | None:
    own, target = locked.stage.image.dockerfile, base_target(locked.stage.name)
    if own is None:
        return None
    return BaseImageJob(dockerfile=own, target=target, tag=base_tag(locked), context=BASE_CONTEXT)


def _listed(chosen: Iterable[Platform]) -> str:
    return ", ".join(map(str, chosen))
