"""Adding new stages, or a copy of a stage, to the text of a pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.config.groups import read_groups
from poetry_fti.errors import ConfigError
from poetry_fti.model.stage import KINDS
from poetry_fti.scaffold.toml_text import (
    add_keys,
    append_table,
    copy_key,
    parse,
    remove_key,
    replace_item,
    table_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poetry_fti.model.stage import Kind, Stage
    from poetry_fti.scaffold.presets import Preset, PresetPackages, PresetSource

_STAGES: Final = ("tool", "fti", "stages")
# The last patch release of each minor version of Python.
MINORS: Final = tuple(f"3.{minor}.99" for minor in range(8, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStage:
    """A stage to be added from a preset, with the packages of the chosen accelerator."""

    name: str
    preset: Preset
    packages: PresetPackages


def scaffold(text: str, stages: Sequence[NewStage], *, python: str, version: str) -> str:
    """Return the text of a pyproject.toml with new stages, and with the plugin as a requirement.

    `python` are the version specifiers of the project's Python, empty for any; `version` is the
    minimum version of the plugin. `isolated` is set unless it is there already. Raises ConfigError
    where a name is taken or a preset does not fit the project.
    """
    refuse_taken(text, [stage.name for stage in stages])
    tables = {stage.name: _table(stage, python) for stage in stages}
    groups = {stage.name: sorted(stage.packages.requirements, key=str.lower) for stage in stages}
    text = with_plugin(add_keys(text, ("dependency-groups",), groups), version)
    for stage in stages:
        for source in stage.packages.sources:
            text = _with_source(text, source)
            path = ("tool", "poetry", "group", stage.name, "dependencies")
            text = add_keys(text, path, {name: {"source": source.name} for name in source.packages})
    for name, table in tables.items():
        text = add_keys(text, (*_STAGES, name), table)
    return text


def with_plugin(text: str, version: str) -> str:
    """Return the text with the plugin as a requirement, and with `isolated` unless it is set."""
    poetry = table_at(parse(text), ("tool", "poetry"))
    if "poetry-fti" not in poetry.get("requires-plugins", {}):
        text = add_keys(
            text, ("tool", "poetry", "requires-plugins"), {"poetry-fti": f">={version}"}
        )
    if "isolated" not in table_at(parse(text), ("tool", "fti")):
        text = add_keys(text, ("tool", "fti"), {"isolated": True})
    return text


def clone(text: str, stage: Stage, new: str) -> str:
    """Return the text of a pyproject.toml with a copy of a stage under the name `new`.

    Copied are the stage's table, except for the name of its image, and its group of the same name;
    both stages share the other groups. Raises ConfigError where the name is taken.
    """
    refuse_taken(text, [new])
    data = parse(text)
    groups = [
        (*path, name)
        for path in (("dependency-groups",), ("tool", "poetry", "group"))
        for name in table_at(data, path)
        if canonicalize_name(name) == canonicalize_name(stage.name)
    ]
    own = canonicalize_name(stage.name) in stage.groups
    for path in groups if own else ():
        text = copy_key(text, path, new)
    table = table_at(data, (*_STAGES, stage.name))
    if stage.name in table_at(data, _STAGES):
        text = copy_key(text, (*_STAGES, stage.name), new)
    for index, group in enumerate(table.get("groups", ())):
        if canonicalize_name(group) == canonicalize_name(stage.name):
            text = replace_item(text, (*_STAGES, new, "groups"), index, new)
    if "name" in table.get("image", {}):
        text = remove_key(text, (*_STAGES, new, "image", "name"))
    if "kind" not in table and new != stage.kind:
        text = add_keys(text, (*_STAGES, new), {"kind": stage.kind})
    return text


def free_kinds(text: str) -> list[Kind]:
    """Return the kinds whose names neither a stage nor a dependency group has."""
    data = parse(text)
    taken = {canonicalize_name(name) for name in table_at(data, _STAGES)} | set(
        read_groups(data, [])
    )
    return [kind for kind in KINDS if canonicalize_name(kind) not in taken]


def refuse_taken(text: str, names: Iterable[str]) -> None:
    """Raise ConfigError if a stage or a dependency group already has one of the names."""
    data = parse(text)
    stages = {canonicalize_name(name) for name in table_at(data, _STAGES)}
    groups = read_groups(data, [])
    given: dict[str, list[str]] = {}
    for name in names:
        given.setdefault(canonicalize_name(name), []).append(name)
    messages: list[str] = []
    for normalized, same in given.items():
        name = same[0]
        if normalized in stages:
            messages.append(
                f'There is already a stage "{name}". Choose another name for the new one.'
            )
        elif normalized in groups:
            messages.append(
                f'There is already a dependency group "{name}". Choose another name for the stage.'
            )
        if len(same) > 1:
            messages.append(_repeated(name, len(same)))
    if messages:
        raise ConfigError("\n".join(messages))


def _repeated(name: str, count: int) -> str:
    if count == 2:  # noqa: PLR2004 - a pair
        return f'Two new stages are named "{name}". Choose another name for one of them.'
    return f'{count} new stages are named "{name}". Choose other names for all but one of them.'


def _with_source(text: str, source: PresetSource) -> str:
    for other in table_at(parse(text), ("tool", "poetry")).get("source", []):
        if canonicalize_name(other["name"]) == canonicalize_name(source.name):
            if other.get("url", "").rstrip("/") == source.url.rstrip("/"):
                return text
            message = f'The source "{source.name}" already exists with a URL other than'
            raise ConfigError(f"{message} {source.url}. Rename it or correct its URL.")
    values = {"name": source.name, "url": source.url, "priority": "explicit"}
    return append_table(text, ("tool", "poetry", "source"), values)


def _table(stage: NewStage, python: str) -> dict[str, Any]:
    kind = {"kind": stage.preset.kind} if stage.name != stage.preset.kind else {}
    cap = stage.preset.stage.get("python")
    others = {key: value for key, value in stage.preset.stage.items() if key != "python"}
    limited = _limited(stage.preset, python, cap) if cap else None
    return {**kind, **({"python": limited} if limited else {}), **others}


def _limited(preset: Preset, python: str, cap: str) -> str | None:
    """Return specifiers of the Pythons that both allow; None if they are all of the project's.

    Raises ConfigError if there are none.
    """
    project = SpecifierSet(python)
    allowed = [minor for minor in MINORS if minor in project]
    both = [minor for minor in allowed if minor in SpecifierSet(cap)]
    if not both:
        message = f"The preset {preset.name} needs Python {cap}, but the project needs {python}."
        raise ConfigError(message)
    if both == allowed:
        return None
    kept = [str(each) for each in project if not each.operator.startswith("<")]
    return ",".join([*sorted(kept), cap])
