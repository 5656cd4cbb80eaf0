"""Renaming and removing a stage in the text of a pyproject.toml."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.config.groups import read_groups
from poetry_fti.scaffold.new_stages import refuse_taken
from poetry_fti.scaffold.stage_references import (
    drop_references,
    rename_references,
    with_sources_renamed,
)
from poetry_fti.scaffold.toml_text import (
    add_keys,
    edited,
    parse,
    remove_table,
    rename_key,
    table_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.model.stage import Stage
    from poetry_fti.scaffold.toml_sections import KeyPath

_STAGES: Final = ("tool", "fti", "stages")
_GROUPS: Final = (("dependency-groups",), ("tool", "poetry", "group"))
_REFERENCES: Final = "tool.fti: align, check.waivers and pipeline.order"


def rename(text: str, stage: Stage, new: str) -> str:
    """Return the text of a pyproject.toml in which a stage has another name.

    Renamed are its table, its group of the same name, and where stages, groups, rules, waivers, the
    pipeline and images refer to them.
    Raises ConfigError where the name is taken or the text cannot be edited.
    """
    refuse_taken(text, [new])
    table = table_at(parse(text), _STAGES).get(stage.name)
    kind = {"kind": stage.kind} if "kind" not in (table or {}) and new != stage.kind else {}
    if table is None:
        text = add_keys(text, (*_STAGES, new), kind)
    else:
        if kind:  # under the old name, so that the command can be repeated after an error
            text = add_keys(text, (*_STAGES, stage.name), kind)
        text = rename_key(text, (*_STAGES, stage.name), new)
    if canonicalize_name(stage.name) in stage.locked_groups:
        for path in _own_groups(text, stage.name):
            text = rename_key(text, path, new)
        change = f'Replace the group "{stage.name}" by "{new}" where stages and groups include it.'
        text = edited(text, partial(_rename_group, old=stage.name, new=new), change)
    change = f'Replace the stage "{stage.name}" by "{new}" in {_REFERENCES}.'
    text = edited(text, partial(rename_references, old=stage.name, new=new), change)
    return with_sources_renamed(text, old=stage.name, new=new)


def remove(text: str, stage: Stage, others: Sequence[Stage]) -> str:
    """Return the text of a pyproject.toml without a stage; `others` are those that remain.

    Removed are its table, its group of the same name unless others include that, its name in rules,
    waivers and the pipeline, and rules and waivers that no longer apply to any stages. Raises
    ConfigError where the text cannot be edited.
    """
    if stage.name in table_at(parse(text), _STAGES):
        text = remove_table(text, (*_STAGES, stage.name))
    own = canonicalize_name(stage.name)
    if own in stage.groups and not _is_included(text, own, others):
        for path in _own_groups(text, stage.name):
            text = remove_table(text, path)
    change = f'Remove the stage "{stage.name}" from {_REFERENCES}.'
    return edited(text, partial(drop_references, name=stage.name, left=len(others)), change)


def _own_groups(text: str, name: str) -> Iterator[KeyPath]:
    data = parse(text)
    for path in _GROUPS:
        for group in table_at(data, path):
            if canonicalize_name(group) == canonicalize_name(name):
                yield (*path, group)


def _is_included(text: str, group: str, others: Sequence[Stage]) -> bool:
    including = [name for name, names in read_groups(parse(text), []).items() if group in names]
    return bool(including) or any(group in other.locked_groups for other in others)


def _rename_group(data: Any, *, old: str, new: str) -> None:  # noqa: ANN401 - tomlkit's types
    for stage in data["tool"]["fti"]["stages"].values():
        for key in ("groups", "dev-groups"):
            _replace(stage.get(key, []), old, new)
    for items in data.get("dependency-groups", {}).values():
        for item in items:
            if not isinstance(item, str) and _is_same(item.get("include-group", ""), old):
                item["include-group"] = new
    for group in data["tool"].get("poetry", {}).get("group", {}).values():
        _replace(group.get("include-groups", []), old, new)


def _replace(names: Any, old: str, new: str) -> None:  # noqa: ANN401 - tomlkit's types
    for index, name in enumerate(names):
        if _is_same(name, old):
            names[index] = new


def _is_same(name: str, other: str) -> bool:
    return canonicalize_name(name) == canonicalize_name(other)
