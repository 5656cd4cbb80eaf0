"""Finds out with the solver why stages do not have the newest version of a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.model.origins import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin
from poetry_fti.operations.locking.lock import LockRequest, stages_to_solve
from poetry_fti.operations.why.report import NewestIn
from poetry_fti.operations.why.search import Search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def find_newest(
    project: Project,
    name: NormalizedName,
    selected: Sequence[ProjectStage],
    feedback: Feedback,
) -> dict[str, NewestIn]:
    """Return why those of the selected stages that contain a package lack its newest version.

    Reads the package indexes and runs the solver; no file is written. Raises StaleLockError if the
    lock of a stage that is to be solved is not fresh, and FtiError if it cannot be solved.
    """
    having = [stage for stage in project.stages if name in stage.versions]
    request = LockRequest(
        stages=frozenset(stage.name for stage in project.stages),
        latest=frozenset([name]),
        dry_run=True,
    )
    to_solve = stages_to_solve(project, project.stages, request)
    for stage in to_solve:
        project.require_fresh(stage)
    direct = {stage.name: text for stage in having if (text := _direct_text(stage, name))}
    found = {
        stage.name: NewestIn(version=stage.versions[name][0], message=direct[stage.name])
        for stage in selected
        if stage.name in direct
    }
    wanted = [each for each in having if each in selected and each.name not in direct]
    if wanted:
        search = Search(project, name, having, feedback)
        found |= search.found(to_solve, request, wanted)
    return {stage.name: found[stage.name] for stage in selected if stage.name in found}


def _direct_text(stage: ProjectStage, name: NormalizedName) -> str:
    """Return why a package that comes from no index has no other versions; empty for others."""
    origins = [locked.origin for locked in stage.locked_versions[name]]
    if any(isinstance(origin, IndexOrigin) for origin in origins):
        return ""
    kinds = {DirectoryOrigin: "a folder", FileOrigin: "a file", GitOrigin: "a git repository"}
    kind = kinds.get(type(origins[0]), "a URL")
    return f"it comes from {kind}, not from an index with other versions"
