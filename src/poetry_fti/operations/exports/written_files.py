"""Finds the files that earlier exports have written, and the options in their headers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti import files
from poetry_fti.exporters import ProjectExporter, StageExporter, load_exporter
from poetry_fti.exporters.python.merged import FILENAME
from poetry_fti.exporters.shared.header import export_words
from poetry_fti.model.formats import FORMATS, format_folder
from poetry_fti.operations.exports.generated import (
    generated_files,
    is_written_file,
    outside_files,
)
from poetry_fti.operations.leftovers import find_leftovers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from poetry_fti.exporters import Exporter
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

MERGED: Final = "--merged"
_NO_HASHES: Final = "--no-hashes"
_NO_MARKERS: Final = "--no-markers"


@dataclass(frozen=True, slots=True)
class StageFormat:
    """A format in which a stage is exported, and whether with hashes and markers."""

    name: str
    exporter: StageExporter
    hashes: bool = True
    markers: bool = True

    @property
    def words(self) -> tuple[str, ...]:
        """The options of `poetry fti export` that write it; empty if none is needed."""
        options = [
            *([] if self.hashes else [_NO_HASHES]),
            *([] if self.markers else [_NO_MARKERS]),
        ]
        return ("--format", self.name, *options) if options else ()


def is_exported(project: Project, stage: ProjectStage, name: str) -> bool:
    """Return whether a stage has been exported in a format."""
    return _words(project, main_file(stage, name, load_exporter(name))) is not None


def main_file(stage: ProjectStage, name: str, exporter: Exporter) -> PurePosixPath:
    """Return the path of the file that every export of a stage in a format writes."""
    folder = format_folder(name, stage.folder, stage.name)
    return folder / exporter.main.format(stage=stage.name)


def written_formats(project: Project, stage: ProjectStage) -> dict[str, StageFormat]:
    """Return the formats in which a stage has been exported, by name, with their options."""
    found = {}
    for name in FORMATS:
        exporter = load_exporter(name)
        if isinstance(exporter, StageExporter):
            words = _words(project, main_file(stage, name, exporter))
            if words is not None:
                hashes, markers = _NO_HASHES not in words, _NO_MARKERS not in words
                found[name] = StageFormat(name, exporter, hashes, markers)
    return found


def written_project_formats(project: Project) -> dict[str, ProjectExporter]:
    """Return the formats that describe all stages in which the project has been exported."""
    found: dict[str, ProjectExporter] = {}
    for name in FORMATS:
        exporter = load_exporter(name)
        if isinstance(exporter, ProjectExporter):
            path = project.config.directory / exporter.main
            found |= {} if _words(project, path) is None else {name: exporter}
    return found


def merged_names(project: Project) -> tuple[str, ...] | None:
    """Return the names that the merged pylock.toml was exported for; None if there is none.

    They are empty if it was exported for all stages.
    """
    words = _words(project, project.config.directory / FILENAME)
    return None if words is None else tuple(word for word in words if word != MERGED)


def unused_files(
    project: Project, stages: Collection[ProjectStage], written: Collection[PurePosixPath]
) -> dict[PurePosixPath, str]:
    """Return files of earlier exports that are none of `written`, each with the reason.

    Those of removed stages are among them if `stages` are all stages of the project.
    """
    found = {
        path: f"no longer written for the stage {stage.name}"
        for stage in stages
        for path in (
            *generated_files(project, stage.folder),
            *outside_files(project, stage.name),
        )
        if path not in written
    }
    found |= {
        path: "no longer written"
        for path in generated_files(project, project.config.directory)
        if path not in written
    }
    if len(stages) == len(project.stages):
        found |= dict(_leftover(project))
    return found


def _leftover(project: Project) -> Iterator[tuple[PurePosixPath, str]]:
    for leftover in find_leftovers(project):
        folder = PurePosixPath(leftover.name)
        for path in leftover.written:
            if path.name != "poetry.lock":
                yield folder / path.name, f"there is no stage {folder.name}"


def _words(project: Project, path: PurePosixPath) -> tuple[str, ...] | None:
    absolute = project.root / path
    return export_words(files.read(absolute) or "") if is_written_file(absolute) else None
