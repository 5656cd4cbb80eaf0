"""Making or extending a stage with an imported environment, in the text of a pyproject.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.config.groups import closure, read_groups
from poetry_fti.errors import ConfigError
from poetry_fti.model.imported import relaxed
from poetry_fti.model.stage import KINDS
from poetry_fti.scaffold.imported_groups import extended_group, required_names
from poetry_fti.scaffold.imported_requirements import bounds_first, standard_form
from poetry_fti.scaffold.imported_sources import with_sources
from poetry_fti.scaffold.imported_unusable import without_unusable
from poetry_fti.scaffold.new_stages import with_plugin
from poetry_fti.scaffold.toml_text import add_keys, edited, parse, table_at
from poetry_fti.targets import python_minors
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePath

    from packaging.utils import NormalizedName

    from poetry_fti.model.imported import ImportedIndex, ImportedRequirement, ImportedStage
    from poetry_fti.model.stage import Kind

_MINOR_LIMIT: Final = re.compile(r"(>=|<)\s*\d+(\.\d+)?")
_STAGES: Final = ("tool", "fti", "stages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The stage to make or to extend: its name, its kind, and how versions are written.

    `kind` is needed for a new stage whose name is not one of the three kinds. `python` are the
    specifiers of the project's Python. With `pinned`, exact versions stay exact.
    """

    name: str
    kind: Kind | None
    python: str
    pinned: bool


@dataclass(frozen=True, slots=True)
class ImportEdit:
    """The edited text, and sentences on what was not changed and what remains to be done."""

    text: str
    notes: tuple[str, ...]


def is_stage(text: str, name: str) -> bool:
    """Return whether a pyproject.toml declares a stage, or has a group that makes it one."""
    data = parse(text)
    group = canonicalize_name(name) in read_groups(data, []) and name in KINDS
    return name in table_at(data, _STAGES) or group


def with_imported(
    text: str, imported: ImportedStage, target: Target, root: PurePath, version: str
) -> ImportEdit:
    """Return the text of a pyproject.toml with an imported stage.

    `version` is the minimum version of the plugin, which a new stage requires. Raises ConfigError
    if a new stage has no kind, or the text cannot be edited.
    """
    is_new = not is_stage(text, target.name)
    if is_new and target.name not in KINDS and target.kind is None:
        kinds = joined((f"`--kind {kind}`" for kind in KINDS), "or")
        raise ConfigError(f'The kind of the new stage "{target.name}" is not known. Pass {kinds}.')
    sources = with_sources(text, imported.indexes)
    requirements = [
        replace(each, index=sources.names.get(each.index, each.index))
        for each in imported.requirements
    ]
    requirements = requirements if target.pinned else relaxed(requirements)
    beside = _required_beside(text, target.name, requirements)
    added = [each for each in requirements if each.normalized not in beside]
    group = extended_group(text, _group(text, target.name), added, root)
    imported, left_out = without_unusable(imported, text)
    notes = [*imported.notes, *_source_notes(imported.indexes, sources.names, sources.added)]
    notes += left_out
    present = {*group.kept, *beside}
    known = dict.fromkeys(each.normalized for each in requirements if each.normalized in present)
    if known:
        names = joined(known)
        notes.append(f"{target.name} has requirements on {names} already, which were not changed.")
    # The sources come after the group, where a reader looks first.
    text = with_sources(group.text, imported.indexes).text
    text = with_plugin(text, version) if is_new else text
    text, kept = _with_settings(text, imported, target, is_new=is_new)
    notes += [f"{target.name} has the key `{key}` already, which was not changed." for key in kept]
    return ImportEdit(text, tuple(notes))


def _group(text: str, stage: str) -> str:
    """Return the group of a stage to extend: the one of its name, else the first that it names."""
    table = table_at(parse(text), _STAGES).get(stage, {})
    groups: Sequence[str] = table.get("groups", [])
    names = {canonicalize_name(group) for group in groups}
    return stage if not groups or canonicalize_name(stage) in names else groups[0]


def _required_beside(
    text: str, stage: str, requirements: Sequence[ImportedRequirement]
) -> set[NormalizedName]:
    """Return the packages that only other groups of a stage require than the one to extend.

    Packages with details are left out: Poetry reads these for the requirements of one group.
    """
    data = parse(text)
    own = canonicalize_name(_group(text, stage))
    named: Sequence[str] = table_at(data, _STAGES).get(stage, {}).get("groups", [])
    groups = closure([own, *map(canonicalize_name, named)], read_groups(data, []))
    found = {name for group in groups if group != own for name in required_names(data, group)}
    detailed = {each.normalized for each in requirements if each.has_place or each.prereleases}
    return found - required_names(data, own) - detailed


def _source_notes(
    indexes: Sequence[ImportedIndex], names: Mapping[str, str], added: Sequence[str]
) -> Iterator[str]:
    for index in indexes:
        name = names[index.name]
        if index.has_login:
            yield (
                f"The source {name} needs a login, which was not imported. Configure it with"
                f" `poetry config http-basic.{name} USERNAME`."
            )
        if name in added and index.priority == "primary" and index.url:  # PyPI has no URL
            yield (
                f"The source {name} replaces PyPI for the whole project, as `--index-url` does. Set"
                ' its `priority` to "supplemental" to search PyPI first.'
            )


def _with_settings(
    text: str, imported: ImportedStage, target: Target, *, is_new: bool
) -> tuple[str, list[str]]:
    """Return the text with the settings of the stage, and the keys that the stage has already."""
    path = (*_STAGES, target.name)
    table = table_at(parse(text), _STAGES).get(target.name, {})
    wanted = dict(_settings(imported, target))
    kept = [
        key
        for key, value in wanted.items()
        if key in {"python", "platforms"} and key in table and table[key] != value
    ]
    new = {key: value for key, value in wanted.items() if key not in table}
    if target.name in KINDS:
        new.pop("kind", None)
    if new or is_new:
        text = add_keys(text, path, new)
    for key in ("constraints", "env", "extras", "overrides"):
        if key in table and key in wanted:
            text = _extended(text, target.name, key, _missing(table[key], wanted[key]))
    return text, kept


def _settings(imported: ImportedStage, target: Target) -> Iterator[tuple[str, Any]]:
    if target.kind is not None:
        yield "kind", target.kind
    if python := _python(imported.python, target):
        yield "python", python
    if imported.platforms:
        yield "platforms", [str(each) for each in imported.platforms]
    if imported.extras:
        yield "extras", list(imported.extras)
    # Pins are only tried first, unless they are to stay.
    bounds = (*imported.constraints, *(imported.pins if target.pinned else ()))
    if bounds:
        yield "constraints", list(dict.fromkeys(map(standard_form, bounds)))
    if imported.env:
        yield "env", dict(imported.env)
    if imported.overrides:
        yield "overrides", {name: bounds_first(each) for name, each in imported.overrides}


def _python(wanted: str, target: Target) -> str | None:
    """Return the Python of the stage, None for that of the project.

    Raises ConfigError if the project does not allow any version that is wanted.
    """
    allowed = python_minors(SpecifierSet(target.python))
    minors = python_minors(SpecifierSet(wanted))
    both = tuple(minor for minor in allowed if minor in minors)
    if not both:
        raise ConfigError(
            f"{target.name} needs Python {wanted}, but the project needs {target.python}. Change"
            " requires-python in pyproject.toml."
        )
    if both == allowed:
        return None
    if both == minors:
        return bounds_first(wanted)
    limits = [each.strip() for each in target.python.split(",")]
    needed = [each for each in limits if not _is_implied(each, limits, wanted)]
    return bounds_first(",".join([*needed, wanted]))


def _is_implied(limit: str, limits: Sequence[str], wanted: str) -> bool:
    """Return whether a limit of Python excludes no minor version that others allow."""
    others = SpecifierSet(",".join([*(each for each in limits if each != limit), wanted]))
    return _MINOR_LIMIT.fullmatch(limit) is not None and python_minors(others) == python_minors(
        others & SpecifierSet(limit)
    )


def _missing(existing: Any, wanted: Any) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(wanted, dict):
        return {key: value for key, value in wanted.items() if key not in existing}
    return [each for each in wanted if each not in existing]


def _extended(text: str, stage: str, key: str, new: Any) -> str:  # noqa: ANN401 - any TOML value
    if not new:
        return text

    def extend(data: Any) -> None:  # noqa: ANN401 - tomlkit's types
        value = data["tool"]["fti"]["stages"][stage][key]
        if isinstance(new, dict):
            value.update(new)
        else:
            for each in new:
                value.append(each)

    return edited(text, extend, f"Add to `{key}` of the stage {stage}: {new}")
