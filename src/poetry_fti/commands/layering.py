"""The layers of images: they depend on all stages of the project together."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.bridge.index import find_files
from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.layers import plan_layers
from poetry_fti.exporters.pylock import filename, known_files, with_urls
from poetry_fti.wording import joined, megabytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.commands.project import Project
    from poetry_fti.model import LockedStage


def with_layers(project: Project, stages: Iterable[LockedStage]) -> list[LockedStage]:
    """Return stages with the layers of their images; raises FtiError where an index fails.

    Stages that are not asked for share layers with them too, if their locks are fresh.
    """
    chosen = list(stages)
    known = {locked.stage.name: locked for locked in chosen}
    for stage in project.stages:
        if stage.name not in known:
            with suppress(FtiError):  # locking or exporting the stage itself tells
                known[stage.name] = stage.locked()
    layers = plan_layers([_sized(project, locked) for locked in known.values()])
    return [replace(locked, layers=layers[locked.stage.name]) for locked in chosen]


def saving_note(stages: Iterable[LockedStage]) -> str:
    """Say which stages' images share layers, and what that saves; nothing where none do."""
    shared = {layer for locked in stages for layer in locked.layers if layer.saving}
    if not shared:
        return ""
    ordered = sorted(shared, key=lambda layer: (-len(layer.stages), layer.stages))
    parts = [f"{megabytes(layer.size)} in {joined(layer.stages)}" for layer in ordered]
    saved = megabytes(sum(layer.saving for layer in shared))
    return f"Images share packages: {'; '.join(parts)}. That saves {saved} of downloads."


def _sized(project: Project, locked: LockedStage) -> LockedStage:
    """Return a stage with the sizes of its files, which an index tells unless a pylock does."""
    written = files.read(project.root / locked.folder / filename(locked.stage.name))
    known = dict(known_files(written or ""))
    unknown = [
        package
        for package in locked.packages
        if not all(file.digest in known for file in package.files)
    ]
    if unknown:
        known |= find_files(project.poetry.pool, unknown)
    return with_urls(locked, known)
