"""Adding imported requirements to a dependency group in the text of a pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poetry_fti.scaffold.imported_requirements import details, poetry_form, standard_form
from poetry_fti.scaffold.toml_text import add_keys, edited, parse, table_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePath

    from packaging.utils import NormalizedName

    from poetry_fti.model.imported import ImportedRequirement

_STANDARD: Final = ("dependency-groups",)
_POETRY: Final = ("tool", "poetry", "group")


@dataclass(frozen=True, slots=True)
class ExtendedGroup:
    """The text with an extended group, and the packages that the group had before."""

    text: str
    kept: tuple[NormalizedName, ...]


def extended_group(
    text: str, group: str, requirements: Sequence[ImportedRequirement], root: PurePath
) -> ExtendedGroup:
    """Return the text of a pyproject.toml with requirements added to a group, made if missing.

    A package that the group requires already stays as it is; only its source or path is added if it
    has none. Raises ConfigError if the text cannot be edited.
    """
    data = parse(text)
    standard, poetry = _spelled(data, _STANDARD, group), _spelled(data, _POETRY, group)
    before = required_names(data, group)
    new = [each for each in requirements if each.normalized not in before]
    kept = dict.fromkeys(each.normalized for each in requirements if each.normalized in before)
    if poetry is not None and standard is None:
        text = _with_poetry_form(text, poetry, new, root)
    else:
        text = _with_standard_form(text, standard, group, new)
        detailed = table_at(data, (*_POETRY, poetry, "dependencies")) if poetry is not None else {}
        known = set(map(canonicalize_name, detailed))
        plain = [each for each in requirements if each.normalized not in known]
        text = _with_details(text, poetry or standard or group, plain, root)
    return ExtendedGroup(text, tuple(kept))


def required_names(data: Mapping[str, Any], group: str) -> set[NormalizedName]:
    """Return the packages that a group requires; invalid requirements are left to validation."""
    standard, poetry = _spelled(data, _STANDARD, group), _spelled(data, _POETRY, group)
    items = data["dependency-groups"][standard] if standard is not None else ()
    found = {name for item in items if (name := _name(item)) is not None}
    if poetry is not None:
        table = table_at(data, (*_POETRY, poetry, "dependencies"))
        found |= set(map(canonicalize_name, table))
    return found


def _spelled(data: Mapping[str, Any], path: tuple[str, ...], group: str) -> str | None:
    names = table_at(data, path)
    return next(
        (each for each in names if canonicalize_name(each) == canonicalize_name(group)), None
    )


def _name(item: object) -> NormalizedName | None:
    try:
        return canonicalize_name(Requirement(item).name) if isinstance(item, str) else None
    except InvalidRequirement:
        return None


def _with_standard_form(
    text: str, standard: str | None, group: str, new: Sequence[ImportedRequirement]
) -> str:
    added = [standard_form(each) for each in new]
    if standard is None:
        return add_keys(text, _STANDARD, {group: added})

    def append(data: Any) -> None:  # noqa: ANN401 - tomlkit's types
        for each in added:
            data["dependency-groups"][standard].append(each)

    lines = "\n".join(added)
    return edited(text, append, f"Add to dependency-groups.{standard}:\n\n{lines}")


def _with_details(text: str, group: str, new: Sequence[ImportedRequirement], root: PurePath) -> str:
    by_name: dict[NormalizedName, list[ImportedRequirement]] = {}
    for each in new:
        by_name.setdefault(each.normalized, []).append(each)
    found = {each[0].name: value for each in by_name.values() if (value := details(each, root))}
    return add_keys(text, (*_POETRY, group, "dependencies"), found) if found else text


def _with_poetry_form(
    text: str, group: str, new: Sequence[ImportedRequirement], root: PurePath
) -> str:
    by_name: dict[NormalizedName, list[ImportedRequirement]] = {}
    for each in new:
        by_name.setdefault(each.normalized, []).append(each)
    values = {found[0].name: poetry_form(found, root) for found in by_name.values()}
    return add_keys(text, (*_POETRY, group, "dependencies"), values) if values else text
