"""Stages out of the configuration and the dependency groups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from packaging.utils import canonicalize_name

from poetry_fti.config.read import StageConfig, stage_path
from poetry_fti.config.table import dotted, suggestion
from poetry_fti.model import KINDS, Problem, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.config.read import Config
    from poetry_fti.model import Kind, Rule

Groups: TypeAlias = "Mapping[NormalizedName, tuple[NormalizedName, ...]]"

_GROUP_NAME: Final = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)


def read_groups(pyproject: Mapping[str, Any], problems: list[Problem]) -> Groups:
    """Return each dependency group with those that it includes, and add what is wrong.

    Groups come from PEP 735's table and from `tool.poetry.group`, which add to each other.
    """
    groups: dict[NormalizedName, list[NormalizedName]] = {}
    paths: dict[NormalizedName, str] = {}
    for path, name, included in _declared(pyproject, problems):
        normalized = canonicalize_name(name)
        groups.setdefault(normalized, []).extend(canonicalize_name(group) for group in included)
        paths.setdefault(normalized, path)
        if normalized == "main":
            problems.append(
                Problem(
                    path,
                    'rename the group: Poetry would read "main" as the project\'s own',
                )
            )
        elif not _GROUP_NAME.fullmatch(name):
            problems.append(Problem(path, "is no valid name of a dependency group (PEP 735)"))
    for name, includes in groups.items():
        for group in includes:
            if group not in groups:
                message = f'includes the group "{group}", which does not exist'
                problems.append(Problem(paths[name], message + suggestion(group, groups)))
    unique = {name: tuple(dict.fromkeys(includes)) for name, includes in groups.items()}
    problems += [
        Problem(paths[cycle[0]], f"includes itself: {' -> '.join(cycle)}")
        for cycle in _cycles(unique)
    ]
    return unique


def _declared(
    pyproject: Mapping[str, Any], problems: list[Problem]
) -> Iterator[tuple[str, str, list[str]]]:
    standard = pyproject.get("dependency-groups", {})
    for name, items in standard.items() if isinstance(standard, Mapping) else ():
        path = dotted("dependency-groups", name)
        if isinstance(items, list):
            yield (
                path,
                name,
                [
                    item["include-group"]
                    for item in items
                    if isinstance(item, Mapping) and isinstance(item.get("include-group"), str)
                ],
            )
        else:
            problems.append(Problem(path, "must be an array of requirements"))
    poetry = pyproject.get("tool", {}).get("poetry", {})
    groups = poetry.get("group", {}) if isinstance(poetry, Mapping) else {}
    for name, table in groups.items() if isinstance(groups, Mapping) else ():
        path = dotted("tool", "poetry", "group", name)
        if isinstance(table, Mapping):
            included = table.get("include-groups", [])
            yield path, name, [group for group in included if isinstance(group, str)]
        else:
            problems.append(Problem(path, "must be a table"))
    if isinstance(poetry, Mapping) and "dev-dependencies" in poetry:
        yield "tool.poetry.dev-dependencies", "dev", []


def _cycles(groups: Groups) -> Iterator[tuple[NormalizedName, ...]]:
    reported: set[frozenset[NormalizedName]] = set()
    for start in sorted(groups):
        stack: list[tuple[NormalizedName, tuple[NormalizedName, ...]]] = [(start, (start,))]
        while stack:
            name, path = stack.pop()
            for group in groups.get(name, ()):
                if group == start and frozenset(path) not in reported:
                    reported.add(frozenset(path))
                    yield (*path, start)
                elif group not in path:
                    stack.append((group, (*path, group)))


def closure(names: Iterable[NormalizedName], groups: Groups) -> tuple[NormalizedName, ...]:
    """Return the groups and all that they include, sorted."""
    found: set[NormalizedName] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(groups.get(name, ()))
    return tuple(sorted(found))


def read_stages(
    config: Config,
    groups: Groups,
    extras: Iterable[NormalizedName],
    problems: list[Problem],
) -> tuple[Stage, ...]:
    """Return the stages in the order of their kinds and names, and add what is wrong."""
    known = set(extras)
    configured = config.stages
    if configured is None:
        configured = tuple(StageConfig(name=kind) for kind in KINDS if kind in groups)
    if not configured:
        message = (
            "no stage: name a dependency group feature, training or inference,"
            " or declare stages in [tool.fti.stages]"
        )
        problems.append(Problem("tool.fti.stages", message))
    _same_folder(configured, problems)
    stages = [_stage(stage, groups, known, problems) for stage in configured]
    return tuple(sorted(stages, key=lambda stage: (KINDS.index(stage.kind), stage.name)))


def _same_folder(stages: Iterable[StageConfig], problems: list[Problem]) -> None:
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
    names = _known_names(config, groups, problems)
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
        overrides=tuple(sorted((canonicalize_name(name), c) for name, c in config.overrides)),
    )


def _known_names(
    config: StageConfig, groups: Groups, problems: list[Problem]
) -> tuple[NormalizedName, ...]:
    if config.groups is None:
        name = canonicalize_name(config.name)
        if name not in groups:
            message = f'there is no dependency group "{config.name}", and no `groups` names others'
            hint = suggestion(name, groups)
            problems.append(Problem(stage_path(config.name), message + hint))
        return (name,)
    return _known("groups", config.groups, config, groups, problems)


def _dev_groups(
    config: StageConfig,
    reached: tuple[NormalizedName, ...],
    groups: Groups,
    problems: list[Problem],
) -> tuple[NormalizedName, ...]:
    names = _known("dev-groups", config.dev_groups, config, groups, problems)
    for index, name in enumerate(names):
        if name in reached:
            message = f'"{name}" is a group of the stage itself'
            problems.append(Problem(f"{stage_path(config.name, 'dev-groups')}[{index}]", message))
    return tuple(name for name in closure(names, groups) if name not in reached)


def _known(
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
    message = f"is missing: one of {', '.join(KINDS)}"
    problems.append(Problem(stage_path(config.name, "kind"), message))
    return KINDS[0]


def read_rules(
    config: Config, stages: Iterable[Stage], problems: list[Problem]
) -> tuple[Rule, ...]:
    """Return the rules with the stages that each binds, in their order, and add what is wrong."""
    names = [stage.name for stage in stages]
    for index, rule in enumerate(config.align):
        path = f"tool.fti.align[{index}]"
        for position, name in enumerate(rule.stages):
            if name not in names:
                message = f'there is no stage "{name}"{suggestion(name, names)}'
                problems.append(Problem(f"{path}.stages[{position}]", message))
        if not rule.stages and len(names) == 1:
            problems.append(Problem(path, f'binds nothing: "{names[0]}" is the only stage'))
    return tuple(
        replace(rule, stages=tuple(n for n in names if n in rule.stages or not rule.stages))
        for rule in config.align
    )


def unknown_stage(name: str, stages: Iterable[Stage]) -> str:
    """Return the message for a stage that does not exist."""
    names = [stage.name for stage in stages]
    return f'There is no stage "{name}"{suggestion(name, names)} (stages: {", ".join(names)})'
