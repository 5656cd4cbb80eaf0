"""Warnings about settings for packages that no stage contains."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.config.import_names import package_suggestion
from poetry_fti.config.messages import dotted, stage_path
from poetry_fti.wording import named_stages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.operations.project import Project


def unmatched_warnings(project: Project) -> list[str]:
    """Return a warning for each setting whose package is in no lock of the stages it is for.

    A setting is left out while one of these locks is not fresh.
    """
    settings = list(_settings(project))
    known = _known(project) if settings else {}
    every = tuple(stage.name for stage in project.stages)
    warnings = []
    for path, name, stage in settings:
        names = _packages(known, every if stage is None else (stage,))
        if names is not None and name not in names:
            where = "no stage contains" if stage is None else f"{stage} does not contain"
            hint = package_suggestion(name, names)
            warnings.append(f"{path} has no effect: {where} {name}{hint}")
    return warnings + [
        f"tool.fti.align[{each.rule}].packages: {each.text}" for each in unmatched_patterns(project)
    ]


@dataclass(frozen=True, slots=True)
class UnmatchedPattern:
    """A name in a rule of `[[tool.fti.align]]` that matches no package of the rule's stages.

    `rule` and `position` are the indexes of the rule and of the name in it; `text` is a sentence.
    """

    rule: int
    position: int
    text: str


def unmatched_patterns(project: Project) -> list[UnmatchedPattern]:
    """Return the names in rules that match no package of the rule's stages.

    A rule is left out while the lock of one of its stages is not fresh.
    """
    known = _known(project) if project.all_rules else {}
    found = []
    for index, rule in enumerate(project.all_rules):
        names = _packages(known, rule.stages)
        for position, pattern in enumerate(rule.packages if names is not None else ()):
            if names is not None and not any(fnmatchcase(name, pattern) for name in names):
                where, hint = named_stages(rule.stages), package_suggestion(pattern, names)
                text = f'no package of {where} matches "{pattern}"{hint}'
                found.append(UnmatchedPattern(index, position, text))
    return found


def _known(project: Project) -> dict[str, Collection[NormalizedName]]:
    """Return the names of the packages in each fresh lock, by stage."""
    return {
        stage.name: stage.versions.keys() for stage in project.stages if project.is_fresh(stage)
    }


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


def _packages(
    known: dict[str, Collection[NormalizedName]], stages: Collection[str]
) -> set[NormalizedName] | None:
    """Return the packages of stages, or None if the lock of one of them is not fresh."""
    if not known.keys() >= set(stages):
        return None
    return {name for stage in stages for name in known[stage]}
