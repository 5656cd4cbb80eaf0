"""Everything that poetry-fti reads in a pyproject.toml: configuration, groups, stages, rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poetry_fti.config.check_keys import waiver_problems
from poetry_fti.config.groups import read_groups, tangled_groups
from poetry_fti.config.messages import dotted, stage_path
from poetry_fti.config.pipeline import pipeline_problems
from poetry_fti.config.read import read_config
from poetry_fti.config.shape import has_expected_shape
from poetry_fti.config.stages import read_rules, read_stages, undeclared_kinds
from poetry_fti.errors import ProblemsError
from poetry_fti.model.formats import FORMATS
from poetry_fti.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from packaging.utils import NormalizedName

    from poetry_fti.config.groups import Groups
    from poetry_fti.config.read import Config
    from poetry_fti.model.rule import Rule
    from poetry_fti.model.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class PoetryChecks:
    """What only Poetry knows about a pyproject.toml, as functions.

    `extras` returns the names of the project's extras; `schema_problems` returns where the tables
    that Poetry reads break Poetry's schema; `constraint_problems` returns which version
    constraints are invalid, each of which comes after the path of its key.
    """

    extras: Callable[[Mapping[str, Any]], Iterable[NormalizedName]]
    schema_problems: Callable[[Mapping[str, Any]], list[Problem]]
    constraint_problems: Callable[[Iterable[tuple[str, str]]], list[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectConfig:
    """What a pyproject.toml means to poetry-fti.

    `is_checked` tells whether it has been compared with Poetry's schema too.
    """

    config: Config
    groups: Groups
    stages: tuple[Stage, ...]
    rules: tuple[Rule, ...]
    is_checked: bool = False


def read_pyproject(
    pyproject: Mapping[str, Any], checks: PoetryChecks, *, check: bool = True
) -> ProjectConfig:
    """Read a pyproject.toml; raises ProblemsError with all problems, those of Poetry included.

    Without `check` Poetry's schema, which takes most of the time, is consulted only if
    something is wrong. A caller that goes on to use more than the locks has to check later.
    """
    if not isinstance(pyproject.get("tool", {}), Mapping):
        raise ProblemsError([Problem("tool", "must be a table")])
    check = check or not has_expected_shape(pyproject)
    problems = checks.schema_problems(pyproject) if check else []
    if problems:  # the groups may be anything
        read_config(pyproject, FORMATS, problems)
        raise ProblemsError(problems)
    config = read_config(pyproject, FORMATS, problems)
    groups = read_groups(pyproject, problems)
    stages = read_stages(config, groups, checks.extras(pyproject), problems)
    rules = read_rules(config, stages, problems)
    problems += pipeline_problems(config.pipeline, stages)
    problems += waiver_problems(config.check, [stage.name for stage in stages])
    problems += checks.constraint_problems(written_constraints(config))
    problems += [] if problems else tangled_groups(pyproject, groups)
    if problems and not check:
        return read_pyproject(pyproject, checks)  # Poetry's problems belong to the same error
    if problems:
        raise ProblemsError(problems)
    return ProjectConfig(config=config, groups=groups, stages=stages, rules=rules, is_checked=check)


def read_without_checks(
    pyproject: Mapping[str, Any], extras: Iterable[NormalizedName]
) -> ProjectConfig:
    """Read a pyproject.toml that Poetry has accepted, and that need not have any stage.

    Raises ProblemsError.
    """
    problems: list[Problem] = []
    config = read_config(pyproject, FORMATS, problems)
    groups = read_groups(pyproject, problems)
    any_stage = config.stages or undeclared_kinds(config, groups)
    stages = read_stages(config, groups, extras, problems) if any_stage else ()
    if problems:
        raise ProblemsError(problems)
    return ProjectConfig(config=config, groups=groups, stages=stages, rules=(), is_checked=True)


def written_constraints(config: Config) -> Iterator[tuple[str, str]]:
    """Yield each version constraint in the configuration, after the dotted path of its key."""
    for name, constraint in config.overrides:
        yield dotted("tool", "fti", "overrides", name), constraint
    yield from ((each.path, each.versions) for each in config.constraints)
    for stage in config.stages:
        if stage.python is not None:
            yield stage_path(stage.name, "python"), stage.python
        for name, constraint in stage.overrides:
            yield stage_path(stage.name, "overrides", name), constraint
        yield from ((each.path, each.versions) for each in stage.constraints)
