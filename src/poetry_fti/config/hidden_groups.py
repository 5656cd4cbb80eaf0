"""The groups that `isolated` hides from Poetry's own commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.config.groups import closure
from poetry_fti.config.pyproject import read_without_checks
from poetry_fti.config.stages import undeclared_kinds
from poetry_fti.model.stage import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.utils import NormalizedName

    from poetry_fti.config.groups import Groups
    from poetry_fti.config.read import Config
    from poetry_fti.model.stage import Stage


def hidden_groups(
    pyproject: Mapping[str, Any], extras: Iterable[NormalizedName]
) -> Mapping[NormalizedName, tuple[str, ...]]:
    """Return the groups that `isolated` hides from Poetry, each with the names of its stages.

    A missing group whose name would make it a stage is hidden too, without a stage's name. The
    mapping is empty, whatever else is wrong, if the key `isolated` is not used; else
    ProblemsError is raised for an invalid pyproject.toml.
    """
    if not _may_be_isolated(pyproject):
        return {}
    read = read_without_checks(pyproject, extras)
    config, groups, stages = read.config, read.groups, read.stages
    configured = {stage.name: stage.isolated for stage in config.stages}
    shown = [s for s in stages if not _is_isolated(configured.get(s.name), config)]
    found = exclusive_groups([s for s in stages if s not in shown], shown, groups)
    hidden = {group: tuple(s.name for s in stages if group in s.closure) for group in sorted(found)}
    if config.isolated:
        new = undeclared_kinds(config, [kind for kind in KINDS if kind not in groups])
        hidden |= {canonicalize_name(kind): () for kind in new}
    return hidden


def _is_isolated(own: bool | None, config: Config) -> bool:  # noqa: FBT001 - a setting's value
    return config.isolated if own is None else own


def _may_be_isolated(pyproject: Mapping[str, Any]) -> bool:
    """Return whether any table sets `isolated`, to whatever value but false.

    Otherwise nothing is hidden, and an invalid configuration must not stop Poetry's commands.
    """
    tool = pyproject.get("tool", {})
    fti = tool.get("fti", {}) if isinstance(tool, Mapping) else {}
    stages = fti.get("stages", {}) if isinstance(fti, Mapping) else {}
    tables = [fti, *(stages.values() if isinstance(stages, Mapping) else ())]
    return any(
        table.get("isolated", False) is not False for table in tables if isinstance(table, Mapping)
    )


def exclusive_groups(
    stages: Iterable[Stage], shown: Iterable[Stage], groups: Groups
) -> frozenset[NormalizedName]:
    """Return the groups of `stages`, with those that only they include.

    Left out are the groups of stages in `shown`, and groups that are also included from outside
    the stages. The groups that a stage names are returned even if others include them.
    """
    visible = set(closure((g for s in shown for g in s.groups), groups))
    own = {group for stage in stages for group in stage.groups} - visible
    reached = set(closure(own, groups))
    without = {name: [g for g in groups[name] if g not in own] for name in groups}
    roots = visible | (groups.keys() - reached)
    return frozenset(reached.difference(closure(roots, {k: tuple(v) for k, v in without.items()})))


def without_groups(
    pyproject: Mapping[str, Any], hidden: Collection[NormalizedName]
) -> dict[str, Any]:
    """Return the data of a pyproject.toml without some groups and without includes of them.

    A table of `[tool.poetry]` that becomes empty is left out, because Poetry's content hash
    differs between an empty table and a missing one.
    """
    data = dict(pyproject.items())
    if "dependency-groups" in data:
        data["dependency-groups"] = {
            name: [item for item in items if not _includes(item, hidden)]
            for name, items in data["dependency-groups"].items()
            if canonicalize_name(name) not in hidden
        }
    tool = data.get("tool", {})
    if "poetry" in tool:
        data["tool"] = {**tool, "poetry": _poetry(tool["poetry"], hidden)}
    return data


def _includes(item: object, hidden: Collection[NormalizedName]) -> bool:
    included = item.get("include-group") if isinstance(item, Mapping) else None
    return isinstance(included, str) and canonicalize_name(included) in hidden


def _poetry(table: Mapping[str, Any], hidden: Collection[NormalizedName]) -> dict[str, Any]:
    poetry = dict(table.items())
    if "dev" in hidden:
        poetry.pop("dev-dependencies", None)
    groups = {
        name: _group(group, hidden)
        for name, group in poetry.pop("group", {}).items()
        if canonicalize_name(name) not in hidden
    }
    return {**poetry, "group": groups} if groups else poetry


def _group(group: Mapping[str, Any], hidden: Collection[NormalizedName]) -> dict[str, Any]:
    included = [g for g in group.get("include-groups", ()) if canonicalize_name(g) not in hidden]
    rest = {key: value for key, value in group.items() if key != "include-groups"}
    return {**rest, "include-groups": included} if included else rest
