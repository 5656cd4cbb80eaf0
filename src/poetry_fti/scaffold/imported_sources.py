"""Adding imported package indexes to `[[tool.poetry.source]]` in the text of a pyproject.toml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.scaffold.toml_text import append_table, parse, table_at
from poetry_fti.urls import public_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.model.imported import ImportedIndex


@dataclass(frozen=True, slots=True)
class AddedSources:
    """The text with sources, the name that each index has there, and the sources that are new."""

    text: str
    names: Mapping[str, str]
    added: tuple[str, ...]


def with_sources(text: str, indexes: Sequence[ImportedIndex]) -> AddedSources:
    """Return the text of a pyproject.toml with a source for each index that it does not have.

    An index with the URL of a source is that source. If only the name is taken, the new source gets
    a number. Raises ConfigError if the text cannot be edited.
    """
    names: dict[str, str] = {}
    added: list[str] = []
    for index in indexes:
        sources = table_at(parse(text), ("tool", "poetry")).get("source", [])
        known = next((each for each in sources if _is_same(index, each)), None)
        if known is not None:
            names[index.name] = known["name"]
            continue
        name = _free(index.name, {canonicalize_name(each.get("name", "")) for each in sources})
        url = {"url": index.url} if index.url else {}
        values = {"name": name, **url, "priority": index.priority}
        text = append_table(text, ("tool", "poetry", "source"), values)
        names[index.name] = name
        added.append(name)
    return AddedSources(text, names, tuple(added))


def _is_same(index: ImportedIndex, source: Mapping[str, Any]) -> bool:
    if not index.url:
        return canonicalize_name(str(source.get("name", ""))) == canonicalize_name(index.name)
    return public_url(str(source.get("url", ""))).rstrip("/") == index.url.rstrip("/")


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while canonicalize_name(free) in taken:
        free, number = f"{name}-{number}", number + 1
    return free
