"""Exports several stages as one pylock.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.exporters.python.merged import FILENAME, render_merged
from poetry_fti.exporters.shared.build_constraints import build_constraint_files
from poetry_fti.exporters.shared.header import with_words
from poetry_fti.operations.exports.located import located
from poetry_fti.operations.exports.written_files import MERGED, merged_names
from poetry_fti.operations.images.project_formats import ProjectFiles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import PurePosixPath

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.project import Project


def merged_path(project: Project) -> PurePosixPath:
    """Return the path of the merged pylock.toml, relative to the project's root."""
    return project.config.directory / FILENAME


def merged_text(project: Project, locked: Sequence[LockedStage], *, check: bool) -> str:
    """Return the text of the merged pylock.toml; a `check` needs no index.

    Raises FtiError if the format cannot express the stages, IndexFailedError if an index fails.
    """
    path = merged_path(project)
    text = render_merged(
        [located(project, each, path, check=check) for each in locked], path.parent
    )
    is_whole = len(locked) == len(project.stages)
    return with_words(text, [*([] if is_whole else [e.stage.name for e in locked]), MERGED])


def follow_merged(
    project: Project, locked: Collection[LockedStage], *, check: bool
) -> ProjectFiles:
    """Return the merged pylock.toml for the stages that an earlier export wrote it for.

    `locked` are stages that have been read. Without such a file, or if a stage of it does not exist
    any more, there is none; if the lock of a stage is not fresh, there is a warning instead.
    """
    names = merged_names(project)
    if names is None or not {stage.name for stage in project.stages}.issuperset(names):
        return ProjectFiles()
    path = merged_path(project)
    known = {each.stage.name: each for each in locked}
    try:
        stages = [known.get(s.name) or project.locked(s) for s in project.select(names)]
    except FtiError as error:
        return ProjectFiles(left_out=(f"{path} is left out: {error}",), skipped=(path,))
    return ProjectFiles({path: merged_text(project, stages, check=check)})


def unconstrained(stages: Sequence[LockedStage], path: PurePosixPath) -> Iterator[str]:
    """Yield a warning for each stage whose builds are constrained, which pylock.toml cannot say."""
    for locked in stages:
        for name in build_constraint_files(locked):
            yield (
                f"{path} has no build constraints. Install the stage {locked.stage.name} with"
                f" `--build-constraint {locked.folder / name}`, which its own export writes."
            )
