"""The groups that Poetry's own commands are not to see (`isolated`), and a project without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.config.groups import closure
from poetry_fti.config.pyproject import read_without_checks
from poetry_fti.model import KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.utils import NormalizedName

    from poetry_fti.config.groups import Groups
    from poetry_fti.config.read import Config
    from poetry_fti.model import Stage


def hidden_groups(
    pyproject: Mapping[str, Any], extras: Iterable[NormalizedName]
) -> Mapping[NormalizedName, tuple[str, ...]]:
    """Return the groups that `isolated` hides, each with the names of its stages.

    One that does not exist, but would be a stage, has none. Raises ProblemsError where
    something is to be hidden.
    """
    if not _is_asked_for(pyproject):
        return {}
    read = read_without_checks(pyproject, extras)
    config, groups, stages = read.config, read.groups, read.stages
    configured = {stage.name: stage.isolated for stage in config.stages or ()}
    shown = [s for s in stages if not _is_isolated(configured.get(s.name), config)]
    found = reached_only([s for s in stages if s not in shown], shown, groups)
    hidden = {group: tuple(s.name for s in stages if group in s.closure) for group in sorted(found)}
    if config.stages is None:
        hidden |= {canonicalize_name(kind): () for kind in KINDS if kind not in groups}
    return hidden


def _is_isolated(own: bool | None, config: Config) -> bool:  # noqa: FBT001 - a setting's value
    return config.isolated if own is None else own


def _is_asked_for(pyproject: Mapping[str, Any]) -> bool:
    """Tell whether anything says `isolated`, be it wrong: else no problem concerns Poetry."""
    tool = pyproject.get("tool", {})
    fti = tool.get("fti", {}) if isinstance(tool, Mapping) else {}
    stages = fti.get("stages", {}) if isinstance(fti, Mapping) else {}
    tables = [fti, *(stages.values() if isinstance(stages, Mapping) else ())]
    return any(
        table.get("isolated", False) is not False for table in tables if isinstance(table, Mapping)
    )


def reached_only(
    stages: Iterable[Stage], shown: Iterable[Stage], groups: Groups
) -> frozenset[NormalizedName]:
    """Return the groups of stages, and those that nothing but them includes.

    What another stage has that is shown, or a group that no stage reaches includes, is not among
    them; the stages' own groups are, whatever includes them.
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
    """Return the data of a pyproject.toml as if groups had been taken out, and their includes.

    What is empty then is left out where Poetry's content hash would tell it from what is missing.
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
