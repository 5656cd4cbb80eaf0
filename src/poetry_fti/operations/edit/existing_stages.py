"""Renames and removes stages: in pyproject.toml, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.bridge.project.pyproject import parse_pyproject
from poetry_fti.errors import ConfigError
from poetry_fti.operations.exports.generated import outside_files
from poetry_fti.operations.leftovers import find_leftovers, remove_leftover
from poetry_fti.operations.new_stages import free_lock
from poetry_fti.operations.project import require_usable
from poetry_fti.scaffold import existing_stages

if TYPE_CHECKING:
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """What renaming or removing a stage has changed besides pyproject.toml and the lock.

    `removed` are the names of exported files in the stage's folder that were removed, `outside` the
    paths of those elsewhere, and `kept` the names of other files in the folder.
    """

    removed: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def rename_stage(project: Project, stage: ProjectStage, new: str) -> StageChange:
    """Rename a stage, and move its lock; exported files of the old name are removed.

    Raises ConfigError if the name is taken, FtiError if a former stage of that name left a lock, or
    if pyproject.toml has changed since it was read. Then no file is written.
    """
    text = existing_stages.rename(project.text, stage.stage, new)
    require_usable(text, project.root)
    lock = free_lock(project, stage, new, "choose another name")
    path = project.root / "pyproject.toml"
    moved = {lock: stage.lock.text} if stage.lock.text else {}
    files.replace({**moved, path: text}, project.root, before={path: project.text})
    return _without_files(project.edited(parse_pyproject(text)), stage)


def text_without(project: Project, stage: ProjectStage) -> str:
    """Return the text of the pyproject.toml without a stage; no file is written.

    Raises ConfigError if it is the only stage, or remains one because others include its group.
    """
    others = [each.stage for each in project.stages if each is not stage]
    if not others:
        raise ConfigError(f"{stage.name} is the only stage, and a project needs one.")
    text = existing_stages.remove(project.text, stage.stage, others)
    if stage.name in {each.stage.name for each in require_usable(text, project.root)}:
        raise ConfigError(
            f'The group "{stage.name}" alone makes it a stage, and other groups or stages include'
            " it. Rename the group, or remove it where it is included."
        )
    return text


def remove_stage(project: Project, stage: ProjectStage, text: str) -> StageChange:
    """Write the pyproject.toml without a stage, and remove the files that were written for it.

    Raises ChangedFileError if pyproject.toml has changed since it was read.
    """
    path = project.root / "pyproject.toml"
    files.replace({path: text}, project.root, before={path: project.text})
    return _without_files(project.edited(parse_pyproject(text)), stage)


def _without_files(project: Project, stage: ProjectStage) -> StageChange:
    """Remove what was written for a stage that no longer exists."""
    outside = outside_files(project, stage.name)
    files.remove(project.root / path for path in outside)
    files.remove_empty([project.root / path.parent for path in outside])
    names = tuple(str(path) for path in outside)
    for leftover in find_leftovers(project):
        if leftover.path == stage.path.parent:
            remove_leftover(leftover)
            exported = (path.name for path in leftover.written if path != stage.path)
            others = (path.name for path in leftover.others)
            return StageChange(removed=tuple(exported), outside=names, kept=tuple(others))
    return StageChange(outside=names)
