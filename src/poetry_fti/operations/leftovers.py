"""Finds and removes the folders of stages that no longer exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti import files
from poetry_fti.model.formats import OUTSIDE
from poetry_fti.operations.exports.generated import is_written_file
from poetry_fti.reading import require_inside

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True)
class Leftover:
    """A folder of a stage that no longer exists: its own, or one where tools look for files.

    `name` is the path relative to the project; `written` are the files that poetry-fti wrote,
    `others` all other entries.
    """

    path: Path
    name: str
    written: tuple[Path, ...]
    others: tuple[Path, ...]


def find_leftovers(project: Project) -> list[Leftover]:
    """Return the folders of former stages that contain files that poetry-fti wrote.

    A folder with the name of a dependency group is left out: the group would be a stage again as
    soon as no other stage lists it, or its stage has a table again.
    """
    return [each for each in _without_stage(project) if not _has_group(project, each)]


def kept_folders(project: Project) -> list[Leftover]:
    """Return the folders that belong to no stage, but whose dependency group still exists."""
    return [each for each in _without_stage(project) if _has_group(project, each)]


def _has_group(project: Project, leftover: Leftover) -> bool:
    return canonicalize_name(leftover.path.name) in project.groups


def _without_stage(project: Project) -> Iterator[Leftover]:
    # A file system may be case-insensitive; a link may lead to the folder of another project.
    known = {stage.name.casefold() for stage in project.stages}
    for parent in _parents(project):
        folders = [
            path
            for path in sorted(parent.iterdir())
            if path.is_dir() and not path.is_symlink() and path.name.casefold() not in known
        ]
        yield from _leftovers(folders, project.root)


def _parents(project: Project) -> Iterator[Path]:
    """Yield the existing folders that contain a folder for each stage."""
    parent = project.root / project.config.directory
    require_inside(parent, project.root)
    if parent.is_dir():
        yield parent
    outside = (project.root / each for each in OUTSIDE.values())
    yield from (each for each in outside if each.is_dir() and not each.is_symlink())


def _leftovers(folders: list[Path], root: Path) -> Iterator[Leftover]:
    for folder in folders:
        entries = sorted(folder.iterdir())
        written = tuple(entry for entry in entries if is_written_file(entry))
        if written:
            others = tuple(entry for entry in entries if entry not in written)
            yield Leftover(folder, folder.relative_to(root).as_posix(), written, others)


def remove_leftover(leftover: Leftover) -> None:
    """Remove the files that poetry-fti wrote, and the folder if it is empty; raises OSError."""
    files.remove(leftover.written)
    files.remove_empty([leftover.path])
