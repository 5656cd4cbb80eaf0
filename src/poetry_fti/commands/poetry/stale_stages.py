"""The stages whose locks are stale after one of Poetry's own commands has edited the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import escape
from poetry_fti.errors import FtiError
from poetry_fti.operations.project import load_project
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from cleo.io.io import IO
    from poetry.poetry import Poetry


def report_stale(poetry: Poetry, io: IO) -> None:
    """Name the stages that have a stale lock, with the command to lock them.

    Nothing is printed for an invalid configuration, or if no stage has been locked.
    """
    path = poetry.pyproject_path
    if b"tool.fti" not in path.read_bytes() and not path.with_name("fti").is_dir():
        return  # Without configuration the locks are in the folder of this name.
    try:
        project = load_project(path.parent, lambda _: poetry, check=False)
        locked = [stage for stage in project.stages if stage.path.exists()]
        stale = [escape(stage.name) for stage in locked if not project.is_fresh(stage)]
    except FtiError:
        return
    if stale:
        locks, match = ("lock", "matches") if len(stale) == 1 else ("locks", "match")
        io.write_error_line(
            f"\n<warning>The {locks} of {joined(stale)} no longer {match} pyproject.toml."
            " Run `poetry fti lock`.</warning>"
        )
