"""Warnings about settings for packages that no stage contains."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.config.import_names import package_suggestion
from poetry_fti.config.messages import dotted
from poetry_fti.config.read import stage_path
from poetry_fti.wording import named_stages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.operations.project import Project


def unmatched_warnings(project: Project) -> list[str]:
    """Return a warning for each setting whose package is in no lock of the stages it is for.

    A setting is left out while one of these locks is not fresh.
    """
    settings, patterns = list(_settings(project)), list(_patterns(project))
    known: dict[str, Collection[NormalizedName]] = {
        stage.name: stage.versions.keys()
        for stage in project.stages
        if (settings or patterns) and project.is_fresh(stage)
    }
    every = tuple(stage.name for stage in project.stages)
    warnings = []
    for path, name, stage in settings:
        names = _packages(known, every if stage is None else (stage,))
        if names is not None and name not in names:
            where = "no stage contains" if stage is None else f"{stage} does not contain"
            hint = package_suggestion(name, names)
            warnings.append(f"{path} has no effect: {where} {name}{hint}")
    for path, pattern, stages in patterns:
        names = _packages(known, stages or every)
        if names is not None and not any(fnmatchcase(name, pattern) for name in names):
            where, hint = named_stages(stages or every), package_suggestion(pattern, names)
            warnings.append(f'{path}: no package of {where} matches "{pattern}"{hint}')
    return warnings


def _settings(project: Project) -> Iterator[tuple[str, NormalizedName, str | None]]:
    """Yield the path of each setting, its package, and the stage that it is for; None for all."""
    config = project.config
    for name, _ in config.overrides:
        yield dotted("tool", "fti", "overrides", name), canonicalize_name(name), None
    for constraint in config.constraints:
        yield constraint.path, constraint.name, None
    for stage in config.stages:
        for name, _ in stage.overrides:
            yield stage_path(stage.name, "overrides", name), canonicalize_name(name), stage.name
        for constraint in stage.constraints:
            yield constraint.path, constraint.name, stage.name


def _patterns(project: Project) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the path of each rule with one of its patterns and its stages; none stand for all."""
    for index, rule in enumerate(project.config.align):
        for pattern in rule.packages:
            yield f"tool.fti.align[{index}].packages", pattern, rule.stages


def _packages(
    known: dict[str, Collection[NormalizedName]], stages: Collection[str]
) -> set[NormalizedName] | None:
    """Return the packages of stages, or None if the lock of one of them is not fresh."""
    if not known.keys() >= set(stages):
        return None
    return {name for stage in stages for name in known[stage]}
