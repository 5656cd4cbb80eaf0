"""Finds the files that poetry-fti has written, without the exporters, which are slow to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import FtiError
from poetry_fti.model.formats import OUTSIDE
from poetry_fti.reading import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path, PurePosixPath

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def exported_stages(project: Project) -> list[ProjectStage]:
    """Return the stages that earlier exports have written files for.

    If one has written files for the whole project, these are all stages.
    """
    if generated_files(project, project.config.directory):
        return list(project.stages)
    return [
        stage
        for stage in project.stages
        if generated_files(project, stage.folder) or outside_files(project, stage.name)
    ]


def generated_files(project: Project, folder: PurePosixPath) -> list[PurePosixPath]:
    """Return the files of earlier exports in a folder, sorted; not those in folders below."""
    path = project.root / folder
    entries = sorted(path.iterdir()) if path.is_dir() else []
    return [
        folder / each.name
        for each in entries
        if each.name != "poetry.lock" and is_written_file(each)
    ]


def outside_files(project: Project, stage: str) -> list[PurePosixPath]:
    """Return the files of earlier exports of a stage that are not in the stage's folder."""
    folders = (parent / stage for parent in OUTSIDE.values())
    return [path for folder in folders for path in generated_files(project, folder)]


def require_own(project: Project, paths: Iterable[PurePosixPath]) -> None:
    """Raise FtiError for an existing file outside of the stages' folders that is not generated."""
    for path in paths:
        absolute = project.root / path
        is_outside = not path.is_relative_to(project.config.directory)
        if is_outside and absolute.exists() and not is_written_file(absolute):
            raise FtiError(
                f"{path} was not written by poetry-fti, and is not overwritten. Move it, and export"
                " again."
            )


def is_written_file(path: Path) -> bool:
    """Return whether poetry-fti wrote a file, which is no symbolic link."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        return False
    from poetry_fti.exporters.shared.header import is_generated  # noqa: PLC0415 - rarely needed

    if path.name != "poetry.lock":
        return is_generated(files.read(path) or "")
    # Next to a pyproject.toml that poetry-fti did not write, a lock belongs to that project.
    pyproject = files.read(path.with_name("pyproject.toml"))
    return pyproject is None or is_generated(pyproject)
