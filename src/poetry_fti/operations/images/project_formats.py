"""Formats that describe all stages of a project in one file, so that they need every lock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.operations.exports.sboms import with_sbom
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import PurePosixPath

    from poetry_fti.exporters import ProjectExporter
    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """The text of each file by its path relative to the root, and warnings about those left out.

    `skipped` are the paths of the files that are left out.
    """

    texts: Mapping[PurePosixPath, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    skipped: tuple[PurePosixPath, ...] = ()


def render_project(
    project: Project,
    formats: Mapping[str, ProjectExporter],
    requested: Collection[LockedStage],
    *,
    partial: bool,
) -> ProjectFiles:
    """Return the files of formats that describe all stages, even if only some are `requested`.

    Raises an FtiError if another stage has no fresh lock; if `partial`, the formats are left out
    instead, with a warning.
    """
    if not formats:
        return ProjectFiles()
    locked = {each.stage.name: each for each in requested}
    for stage in project.stages:
        if stage.name not in locked:
            try:
                locked[stage.name] = with_sbom(project, project.locked(stage), stage)
            except FtiError as error:
                message = _message(formats, error, partial=partial)
                if partial:
                    paths = (project.config.directory / each.main for each in formats.values())
                    return ProjectFiles(left_out=(message,), skipped=tuple(paths))
                raise type(error)(message) from None
    everything = [locked[stage.name] for stage in project.stages]
    return ProjectFiles(
        {
            project.config.directory / name: text
            for exporter in formats.values()
            for name, text in exporter.files(everything).items()
        }
    )


def _message(formats: Collection[str], error: FtiError, *, partial: bool) -> str:
    several = len(formats) > 1
    what = f"The {'formats' if several else 'format'} {joined(formats)}"
    verb = "describe" if several else "describes"
    left_out = f" and {'are' if several else 'is'} left out" if partial else ""
    return f"{what} {verb} all stages{left_out}: {error}"
