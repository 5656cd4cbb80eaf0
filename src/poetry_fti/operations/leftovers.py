"""The folders of stages that no longer exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.exporters.shared.header import is_generated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True)
class Leftover:
    """A folder that poetry-fti wrote for a stage that is gone; `others` were not written by it."""

    path: Path
    name: str
    written: tuple[Path, ...]
    others: tuple[Path, ...]


def find_leftovers(project: Project) -> list[Leftover]:
    """Return the folders beside the stages' own that hold files written by poetry-fti."""
    parent = project.root / project.config.directory
    if not parent.is_dir():
        return []
    # A file system may not tell Training from training, and a link leads to somebody else's.
    known = {stage.name.casefold() for stage in project.stages}
    folders = [
        path
        for path in sorted(parent.iterdir())
        if path.is_dir() and not path.is_symlink() and path.name.casefold() not in known
    ]
    return list(_leftovers(folders, project.root))


def _leftovers(folders: list[Path], root: Path) -> Iterator[Leftover]:
    for folder in folders:
        entries = sorted(folder.iterdir())
        written = tuple(entry for entry in entries if _is_ours(entry))
        if written:
            others = tuple(entry for entry in entries if entry not in written)
            yield Leftover(folder, folder.relative_to(root).as_posix(), written, others)


def _is_ours(path: Path) -> bool:
    if not path.is_file():
        return False
    if path.name != "poetry.lock":
        return is_generated(files.read(path) or "")
    # Beside a pyproject.toml that somebody wrote, a lock is that project's.
    pyproject = files.read(path.with_name("pyproject.toml"))
    return pyproject is None or is_generated(pyproject)


def remove_leftover(leftover: Leftover) -> None:
    """Remove the files that poetry-fti wrote, and the folder if empty then; raises OSError."""
    files.remove(leftover.written)
    files.remove_empty([leftover.path])
