"""Plans the layers of images, which depend on all stages of a project."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import StaleLockError
from poetry_fti.exporters.docker.layers.cuda import duplicate_cuda
from poetry_fti.exporters.docker.layers.installed import image_view
from poetry_fti.exporters.docker.layers.plan import plan_layers
from poetry_fti.exporters.pylock import filename, known_files, with_urls
from poetry_fti.wording import joined, readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.model import LockedStage
    from poetry_fti.operations.project import Project


def with_layers(project: Project, stages: Iterable[LockedStage]) -> list[LockedStage]:
    """Return stages with the packages, the layers and the file sizes of their images.

    The project's other stages with fresh locks are taken into account, since images share layers.
    Raises IndexFailedError if a package index fails.
    """
    chosen = [_sized(project, locked) for locked in stages]
    layers = plan_layers([*chosen, *other_stages(project, chosen)])
    return [replace(locked, layers=layers[locked.stage.name]) for locked in chosen]


def other_stages(project: Project, chosen: Iterable[LockedStage]) -> list[LockedStage]:
    """Return the project's other stages with fresh locks, reduced to their images."""
    names = {locked.stage.name for locked in chosen}
    found = []
    for stage in project.stages:
        if stage.name not in names:
            with suppress(StaleLockError):  # locking or exporting the stage itself reports it
                found.append(_sized(project, project.locked(stage)))
    return found


def image_warnings(stages: Iterable[LockedStage]) -> list[str]:
    """Return a warning for each image that would contain CUDA twice."""
    return [text for locked in stages if (text := duplicate_cuda(locked))]


def shared_layers(stages: Iterable[LockedStage]) -> str:
    """Return a sentence on the download sizes that images share; empty if they share none."""
    shared = {layer for locked in stages for layer in locked.layers if layer.saving}
    if not shared:
        return ""
    ordered = sorted(shared, key=lambda layer: (-len(layer.stages), layer.stages))
    parts = [f"{readable(layer.size)} in {joined(layer.stages)}" for layer in ordered]
    saved = readable(sum(layer.saving for layer in shared))
    return f"Images share packages: {'; '.join(parts)}. That saves {saved} of downloads."


def _sized(project: Project, locked: LockedStage) -> LockedStage:
    """Return what a stage's image installs, with file sizes from its pylock or from the index."""
    locked = image_view(locked)
    path = project.root / locked.folder / filename(locked.stage.name)
    written = files.read(path, project.root)
    known = dict(known_files(written or ""))
    unknown = [
        package
        for package in locked.packages
        if not all(file.digest in known for file in package.files)
    ]
    if unknown:
        known |= project.poetry.find_files(unknown)
    return with_urls(locked, known)
