"""Finds path dependencies whose changed requirements do not make a lock stale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def unseen_changes(project: Project, stages: Iterable[ProjectStage]) -> list[str]:
    """Return a warning if fresh locks contain packages that only a build tells what they require.

    The warning names all of these packages; without any the list is empty.
    """
    found = {
        path: name
        for stage in stages
        for path, name in stage.derived.paths.unseen.items()
        if project.is_fresh(stage)
    }
    if not found:
        return []
    paths = joined(in_one_line(path) for path in sorted(found))
    names = in_one_line(" ".join(sorted(set(found.values()))))
    are, builds = ("require is", "their builds") if len(found) > 1 else ("requires is", "its build")
    text = f"What {paths} {are} computed by {builds}, so changes are not detected."
    return [f"{text} After a change run `poetry fti update {names}`."]
