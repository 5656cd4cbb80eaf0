"""What is built of the stages: which images, for which platforms, and which are there already."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.exporters.bake import base_target
from poetry_fti.exporters.docker.base_image import BASE_CONTEXT
from poetry_fti.exporters.docker.context.dockerignore import context_paths, is_excluded
from poetry_fti.exporters.docker.instructions.sources import needs_credentials, uses_ssh
from poetry_fti.exporters.shared.images import (
    base_tag,
    image_name,
    image_platforms,
    lock_tag,
    with_images,
)
from poetry_fti.model import PLATFORMS
from poetry_fti.ports.context import inputs_digest
from poetry_fti.ports.engine_commands import BaseImageJob, BuildJob
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from poetry_fti.model import LockedStage, Platform
    from poetry_fti.operations.export import Rendered
    from poetry_fti.ports.container_engine import ContainerEngine

_LABEL: Final = "poetry-fti.inputs"
_LINUX: Final = {str(platform): platform for platform in PLATFORMS if platform.os == "linux"}


def wanted_platforms(names: Iterable[str]) -> tuple[Platform, ...]:
    """Return the platforms of these names; raises ConfigError for one that no image has."""
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in _LINUX:
            known = f"(images run on: {', '.join(_LINUX)})"
            raise ConfigError(f'Unknown platform "{name}"{suggestion(name, _LINUX)} {known}.')
    return tuple(platform for name, platform in _LINUX.items() if name in wanted)


def images_of(stages: Iterable[LockedStage], *, named: bool) -> list[LockedStage]:
    """Return the stages that have images; raises FtiError for one that is named and has none."""
    asked = list(stages)
    images = with_images(asked)
    lacking = [locked.stage.name for locked in asked if locked not in images]
    if lacking and (named or not images):
        message = f'The stage "{lacking[0]}" has no image: no Linux is among its platforms.'
        raise FtiError(f"{message} Add linux/amd64 or linux/arm64, and lock it again.")
    return images


def platforms(
    locked: LockedStage, wanted: tuple[Platform, ...], engine: ContainerEngine, *, push: bool
) -> tuple[Platform, ...]:
    """Return for what a stage is built; nothing stands for the engine's own platform.

    Raises ConfigError for a platform that the stage does not run on, FtiError where the engine
    is of no use to it.
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
        raise FtiError(f"{message} Name a --platform for the engine to emulate, if it can.")
    if len(chosen) > 1 and not engine.can_bake:
        message = f"{engine.program} without buildx builds for one platform at a time"
        raise FtiError(f"{message}, not for {_listed(chosen)}. Name one with --platform.")
    return chosen


def image_job(
    locked: LockedStage,
    chosen: tuple[Platform, ...],
    engine: ContainerEngine,
    root: Path,
    rendered: Rendered,
) -> BuildJob:
    """Return what is to be built of a stage, with a digest of all that it is built from."""
    dockerfile = locked.folder / "Dockerfile"
    where = _listed(chosen) or engine.platform
    tag = os.environ.get("TAG")
    digest = inputs_digest(
        root,
        context_paths(locked),
        partial(is_excluded, locked),
        [rendered.texts[dockerfile], where, os.environ.get("SOURCE_DATE_EPOCH", "")],
    )
    return BuildJob(
        stage=locked.stage.name,
        dockerfile=dockerfile,
        tags=(lock_tag(locked), *([f"{image_name(locked)}:{tag}"] if tag else [])),
        label=(_LABEL, digest),
        platforms=chosen,
        needs_netrc=needs_credentials(locked),
        needs_ssh=uses_ssh(locked),
        base=_base(locked),
    )


def _base(locked: LockedStage) -> BaseImageJob | None:
    own, target = locked.stage.image.dockerfile, base_target(locked.stage.name)
    if own is None:
        return None
    return BaseImageJob(dockerfile=own, target=target, tag=base_tag(locked), context=BASE_CONTEXT)


def is_done(job: BuildJob, engine: ContainerEngine, *, push: bool) -> bool:
    """Tell whether an image of the same inputs has all the tags already."""
    return all(engine.has(tag, job.label, pushed=push) for tag in job.tags)


def _listed(chosen: Iterable[Platform]) -> str:
    return ", ".join(map(str, chosen))
