"""Warnings about settings for packages that no stage contains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.config.messages import dotted
from poetry_fti.config.read import stage_path
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def unmatched_warnings(project: Project) -> list[str]:
    """Return a warning for each setting whose package is in no lock of the stages it is for.

    A setting is left out while one of these locks is not fresh.
    """
    settings = list(_settings(project))
    fresh = {each.name: each for each in project.stages if settings and project.is_fresh(each)}
    return [
        warning
        for path, name, stage in settings
        if (stages := _stages(project, fresh, stage))
        and (warning := _warning(path, name, stage, stages))
    ]


def _settings(project: Project) -> Iterator[tuple[str, NormalizedName, str | None]]:
    """Yield the path of each setting, its package, and the stage that it is for; None for all."""
    config = project.config
    for name, _ in config.overrides:
        yield dotted("tool", "fti", "overrides", name), canonicalize_name(name), None
    for constraint in config.constraints:
        yield constraint.path, constraint.name, None
    for stage in config.stages or ():
        for name, _ in stage.overrides:
            yield stage_path(stage.name, "overrides", name), canonicalize_name(name), stage.name
        for constraint in stage.constraints:
            yield constraint.path, constraint.name, stage.name


def _stages(
    project: Project, fresh: dict[str, ProjectStage], name: str | None
) -> list[ProjectStage]:
    """Return the stages that a setting is for, none if one of them is not fresh."""
    wanted = [stage.name for stage in project.stages] if name is None else [name]
    return [fresh[each] for each in wanted] if fresh.keys() >= set(wanted) else []


def _warning(
    path: str, name: NormalizedName, stage: str | None, stages: list[ProjectStage]
) -> str | None:
    known = {package for each in stages for package in each.versions}
    if name in known:
        return None
    where = "no stage contains" if stage is None else f"{stage} does not contain"
    return f"{path} has no effect: {where} {name}{suggestion(name, known)}"
