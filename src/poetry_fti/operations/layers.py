"""The layers of images: they depend on all stages of the project together."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.bridge.index.monitor import find_files
from poetry_fti.commands.shared.console import escape
from poetry_fti.errors import StaleLockError
from poetry_fti.exporters.docker.layers.cuda import duplicate_cuda
from poetry_fti.exporters.docker.layers.plan import plan_layers
from poetry_fti.exporters.pylock import filename, known_files, with_urls
from poetry_fti.wording import joined, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poetry.console.commands.command import Command

    from poetry_fti.model import LockedStage
    from poetry_fti.operations.project import Project


def with_layers(project: Project, stages: Iterable[LockedStage]) -> list[LockedStage]:
    """Return stages with the layers of their images, and with the sizes of their files.

    The project's other stages share layers with them too, if their locks are fresh. Raises
    FtiError where an index fails.
    """
    chosen = [_sized(project, locked) for locked in stages]
    layers = plan_layers([*chosen, *other_stages(project, chosen)])
    return [replace(locked, layers=layers[locked.stage.name]) for locked in chosen]


def other_stages(project: Project, chosen: Iterable[LockedStage]) -> list[LockedStage]:
    """Return the project's other stages, with the sizes of their files."""
    names = {locked.stage.name for locked in chosen}
    found = []
    for stage in project.stages:
        if stage.name not in names:
            with suppress(StaleLockError):  # locking or exporting the stage itself tells
                found.append(_sized(project, stage.locked()))
    return found


def report_images(command: Command, stages: Sequence[LockedStage]) -> None:
    """Write what images share, and warn of CUDA that one would hold twice."""
    if saving := _saving(stages):
        command.line(f"\n{escape(saving)}")
    for locked in stages:
        if doubled := duplicate_cuda(locked):
            command.line_error(f"<warning>Warning: {escape(doubled)}</warning>")


def _saving(stages: Iterable[LockedStage]) -> str:
    shared = {layer for locked in stages for layer in locked.layers if layer.saving}
    if not shared:
        return ""
    ordered = sorted(shared, key=lambda layer: (-len(layer.stages), layer.stages))
    parts = [f"{readable(layer.size)} in {joined(layer.stages)}" for layer in ordered]
    saved = readable(sum(layer.saving for layer in shared))
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
