"""Stages and alignment rules, from the configuration and the dependency groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.config.groups import closure, read_groups
from poetry_fti.config.messages import stage_path
from poetry_fti.config.read import read_config
from poetry_fti.config.stage_table import STAGE_NAME, StageConfig
from poetry_fti.model.formats import FORMATS
from poetry_fti.model.problem import Problem
from poetry_fti.model.stage import KINDS, Stage
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.config.groups import Groups
    from poetry_fti.config.read import Config
    from poetry_fti.model.rule import Rule
    from poetry_fti.model.stage import Kind


def read_stages(
    config: Config,
    groups: Groups,
    extras: Iterable[NormalizedName],
    problems: list[Problem],
) -> tuple[Stage, ...]:
    """Return the stages, in the order of their kinds and names.

    `extras` are the names of the project's extras. Unknown groups and extras, a missing kind and
    the lack of any stage are added to `problems`.
    """
    known = set(extras)
    configured = [
        *config.stages,
        *(StageConfig(name=kind, image=config.image) for kind in undeclared_kinds(config, groups)),
    ]
    if not configured:
        message = (
            "no stage: name a dependency group feature, training or inference,"
            " declare stages in [tool.fti.stages], or run `poetry fti init`"
        )
        problems.append(Problem("tool.fti.stages", message))
    _refuse_similar_names(configured, problems)
    resolved = [
        stage if stage.share is not None else replace(stage, share=config.share)
        for stage in configured
    ]
    shared = _normalized_overrides(config.overrides)
    stages = [
        replace(
            stage,
            overrides=tuple(sorted({**shared, **dict(stage.overrides)}.items())),
            constraints=(*config.constraints, *stage.constraints),
        )
        for stage in (_stage(each, groups, known, problems) for each in resolved)
    ]
    return tuple(sorted(stages, key=lambda stage: (KINDS.index(stage.kind), stage.name)))


def undeclared_kinds(config: Config, names: Collection[str]) -> list[Kind]:
    """Return the kinds among the names of groups that are stages without a table.

    A group is none if a stage with a table has its name, or lists it in `groups`.
    """
    taken = {
        canonicalize_name(name)
        for stage in config.stages
        for name in (stage.name, *(stage.groups or ()))
    }
    return [kind for kind in KINDS if kind in names and kind not in taken]


def stage_names(pyproject: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the valid names of the stages of a pyproject.toml that may have other problems."""
    problems: list[Problem] = []
    config = read_config(pyproject, FORMATS, problems)
    kinds = undeclared_kinds(config, read_groups(pyproject, problems))
    names = (*(stage.name for stage in config.stages), *kinds)
    return tuple(sorted(name for name in names if STAGE_NAME.fullmatch(name)))


def _refuse_similar_names(stages: Iterable[StageConfig], problems: list[Problem]) -> None:
    seen: dict[str, str] = {}
    for stage in stages:
        other = seen.setdefault(canonicalize_name(stage.name), stage.name)
        if other != stage.name:
            message = f'differs from the stage "{other}" only in case or punctuation'
            problems.append(Problem(stage_path(stage.name), message))


def _stage(
    config: StageConfig,
    groups: Groups,
    extras: set[NormalizedName],
    problems: list[Problem],
) -> Stage:
    names = _named_groups(config, groups, problems)
    selected = tuple(canonicalize_name(extra) for extra in config.extras)
    for index, extra in enumerate(selected):
        if extra not in extras:
            message = f'the project has no extra "{extra}"{suggestion(extra, extras)}'
            problems.append(Problem(f"{stage_path(config.name, 'extras')}[{index}]", message))
    reached = closure(names, groups)
    return Stage(
        name=config.name,
        kind=_kind(config, problems),
        groups=names,
        closure=reached,
        dev_groups=_dev_groups(config, reached, groups, problems),
        python=config.python,
        extras=tuple(sorted(set(selected))),
        targets=config.targets,
        env=config.env,
        image=config.image,
        forbid=config.forbid,
        max_download_size=config.max_download_size,
        severities=config.severities,
        no_build=config.no_build,
        share=config.share is not False,
        paths=config.paths,
        resources=config.resources,
        schedule=config.schedule,
        hopsworks=config.hopsworks,
        overrides=tuple(_normalized_overrides(config.overrides).items()),
        exclude=config.exclude,
        constraints=config.constraints,
    )


def _normalized_overrides(overrides: Iterable[tuple[str, str]]) -> dict[NormalizedName, str]:
    return {canonicalize_name(name): constraint for name, constraint in overrides}


def _named_groups(
    config: StageConfig, groups: Groups, problems: list[Problem]
) -> tuple[NormalizedName, ...]:
    """Return the groups that a stage names, by default the group of the same name."""
    if config.groups is None:
        name = canonicalize_name(config.name)
        if name not in groups:
            message = f'there is no dependency group "{config.name}", and no key `groups`'
            hint = suggestion(name, groups)
            problems.append(Problem(stage_path(config.name), message + hint))
        return (name,)
    return _normalized("groups", config.groups, config, groups, problems)


def _dev_groups(
    config: StageConfig,
    reached: tuple[NormalizedName, ...],
    groups: Groups,
    problems: list[Problem],
) -> tuple[NormalizedName, ...]:
    names = _normalized("dev-groups", config.dev_groups, config, groups, problems)
    for index, name in enumerate(names):
        if name in reached:
            message = f'"{name}" already belongs to the stage itself'
            problems.append(Problem(f"{stage_path(config.name, 'dev-groups')}[{index}]", message))
    return tuple(name for name in closure(names, groups) if name not in reached)


def _normalized(
    key: str,
    names: Iterable[str],
    config: StageConfig,
    groups: Groups,
    problems: list[Problem],
) -> tuple[NormalizedName, ...]:
    normalized = tuple(canonicalize_name(name) for name in names)
    for index, name in enumerate(normalized):
        if name not in groups:
            message = f'there is no dependency group "{name}"{suggestion(name, groups)}'
            problems.append(Problem(f"{stage_path(config.name, key)}[{index}]", message))
    return tuple(dict.fromkeys(normalized))


def _kind(config: StageConfig, problems: list[Problem]) -> Kind:
    if config.kind is not None:
        return config.kind
    for kind in KINDS:
        if kind == config.name:
            return kind
    path = stage_path(config.name, "kind")
    if not any(problem.path == path for problem in problems):  # it may have an unknown value
        problems.append(Problem(path, f"is missing: one of {', '.join(KINDS)}"))
    return KINDS[0]


def read_rules(
    config: Config, stages: Iterable[Stage], problems: list[Problem]
) -> tuple[Rule, ...]:
    """Return the alignment rules, each with the names of all stages that it applies to.

    Unknown stages and rules without effect are added to `problems`.
    """
    names = [stage.name for stage in stages]
    for index, rule in enumerate(config.align):
        path = f"tool.fti.align[{index}]"
        for position, name in enumerate(rule.stages):
            if name not in names:
                message = f'there is no stage "{name}"{suggestion(name, names)}'
                problems.append(Problem(f"{path}.stages[{position}]", message))
        if not rule.stages and len(names) == 1:
            problems.append(Problem(path, f'has no effect: "{names[0]}" is the only stage'))
    return tuple(
        replace(rule, stages=tuple(n for n in names if n in rule.stages or not rule.stages))
        for rule in config.align
    )


def unknown_stage(name: str, stages: Iterable[Stage]) -> str:
    """Return the error message for the name of a stage that does not exist."""
    names = [stage.name for stage in stages]
    return f'There is no stage "{name}"{suggestion(name, names)} (stages: {", ".join(names)})'
