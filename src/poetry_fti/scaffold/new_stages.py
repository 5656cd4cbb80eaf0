"""New stages in the text of a pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.config.groups import read_groups
from poetry_fti.errors import ConfigError
from poetry_fti.model import KINDS
from poetry_fti.scaffold.toml_text import add, add_to_array, copy, parse, replace_item, table_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poetry_fti.model import Kind, Stage
    from poetry_fti.scaffold.presets import Preset, PresetPackages, PresetSource

_STAGES: Final = ("tool", "fti", "stages")
_MINORS: Final = tuple(f"3.{minor}.99" for minor in range(8, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStage:
    """A stage that is to be made of a preset, with the packages that were chosen."""

    name: str
    preset: Preset
    packages: PresetPackages


def scaffold(text: str, stages: Sequence[NewStage], *, python: str, version: str) -> str:
    """Return the text with new stages, and what a teammate's Poetry needs to know of the plugin.

    `python` are the project's specifiers, empty for any; `version` is the plugin's. Raises
    ConfigError where a name is taken, or a preset does not fit the project.
    """
    refuse_taken(text, [stage.name for stage in stages])
    tables = {stage.name: _table(stage, python) for stage in stages}
    kept = _implicit(text)
    groups = {stage.name: sorted(stage.packages.requirements, key=str.lower) for stage in stages}
    text = _with_plugin(add(text, ("dependency-groups",), groups), version)
    for stage in stages:
        for source in stage.packages.sources:
            text = _with_source(text, source)
            path = ("tool", "poetry", "group", stage.name, "dependencies")
            text = add(text, path, {name: {"source": source.name} for name in source.packages})
    for name, table in {**{name: {} for name in kept}, **tables}.items():
        text = add(text, (*_STAGES, name), table)
    return text


def _with_plugin(text: str, version: str) -> str:
    poetry = table_at(parse(text), ("tool", "poetry"))
    if "poetry-fti" not in poetry.get("requires-plugins", {}):
        text = add(text, ("tool", "poetry", "requires-plugins"), {"poetry-fti": f">={version}"})
    if "isolated" not in table_at(parse(text), ("tool", "fti")):
        text = add(text, ("tool", "fti"), {"isolated": True})
    return text


def clone(text: str, stage: Stage, new: str) -> str:
    """Return the text with a stage once more: its table, and the group of the same name.

    Its other groups serve both. Raises ConfigError where the name is taken.
    """
    refuse_taken(text, [new])
    for name in _implicit(text):
        text = add(text, (*_STAGES, name), {})
    data = parse(text)
    groups = [
        (*path, name)
        for path in (("dependency-groups",), ("tool", "poetry", "group"))
        for name in table_at(data, path)
        if canonicalize_name(name) == canonicalize_name(stage.name)
    ]
    own = canonicalize_name(stage.name) in stage.groups
    for path in groups if own else ():
        text = copy(text, path, new)
    text = copy(text, (*_STAGES, stage.name), new)
    table = data["tool"]["fti"]["stages"][stage.name]
    for index, group in enumerate(table.get("groups", ())):
        if canonicalize_name(group) == canonicalize_name(stage.name):
            text = replace_item(text, (*_STAGES, new, "groups"), index, new)
    if "kind" not in table and new != stage.kind:
        text = add(text, (*_STAGES, new), {"kind": stage.kind})
    return text


def free_kinds(text: str) -> list[Kind]:
    """Return the kinds of which there is no stage, and no dependency group either."""
    data = parse(text)
    taken = {canonicalize_name(name) for name in table_at(data, _STAGES)} | set(
        read_groups(data, [])
    )
    return [kind for kind in KINDS if canonicalize_name(kind) not in taken]


def refuse_taken(text: str, names: Iterable[str]) -> None:
    """Raise ConfigError where a stage or a dependency group has one of the names already."""
    data = parse(text)
    stages = {canonicalize_name(name) for name in table_at(data, _STAGES)}
    groups = read_groups(data, [])
    messages: list[str] = []
    seen = set()
    for name in names:
        normalized = canonicalize_name(name)
        if normalized in seen:
            messages.append(
                f'Two new stages are named "{name}". Choose another name for one of them.'
            )
        elif normalized in stages:
            messages.append(
                f'There is already a stage "{name}". Choose another name for the new one.'
            )
        elif normalized in groups:
            messages.append(
                f'There is already a dependency group "{name}". Choose another name for the stage.'
            )
        seen.add(normalized)
    if messages:
        raise ConfigError("\n".join(messages))


def _implicit(text: str) -> list[str]:
    """Return the stages without a table: as soon as there is one, it has to list all."""
    data = parse(text)
    groups = read_groups(data, [])
    return [] if "stages" in table_at(data, ("tool", "fti")) else [k for k in KINDS if k in groups]


def _with_source(text: str, source: PresetSource) -> str:
    for other in table_at(parse(text), ("tool", "poetry")).get("source", []):
        if canonicalize_name(other["name"]) == canonicalize_name(source.name):
            if other.get("url", "").rstrip("/") == source.url.rstrip("/"):
                return text
            message = f'The source "{source.name}" exists already, with another URL than'
            raise ConfigError(f"{message} {source.url}. Rename it, or correct its URL.")
    values = {"name": source.name, "url": source.url, "priority": "explicit"}
    return add_to_array(text, ("tool", "poetry", "source"), values)


def _table(stage: NewStage, python: str) -> dict[str, Any]:
    kind = {"kind": stage.preset.kind} if stage.name != stage.preset.kind else {}
    cap = stage.preset.stage.get("python")
    others = {key: value for key, value in stage.preset.stage.items() if key != "python"}
    limited = _limited(stage.preset, python, cap) if cap else None
    return {**kind, **({"python": limited} if limited else {}), **others}


def _limited(preset: Preset, python: str, cap: str) -> str | None:
    """Return the Pythons that both the project and the preset allow; None for the project's."""
    project = SpecifierSet(python)
    allowed = [minor for minor in _MINORS if minor in project]
    both = [minor for minor in allowed if minor in SpecifierSet(cap)]
    if not both:
        message = f"The preset {preset.name} needs a Python {cap}, and the project one {python}."
        raise ConfigError(message)
    if both == allowed:
        return None
    kept = [str(each) for each in project if not each.operator.startswith("<")]
    return ",".join([*sorted(kept), cap])
