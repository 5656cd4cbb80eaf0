"""`[tool.uv]`: where packages come from, and bounds on versions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.importers.shared.documents import string, strings, table, tables
from poetry_fti.importers.shared.indexes import index_of, named_apart
from poetry_fti.importers.shared.markers import marked_platforms
from poetry_fti.importers.shared.places import placed
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.model.imported import ImportedIndex
from poetry_fti.urls import is_pypi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.importers.projects.declared import Declared, Reader
    from poetry_fti.model.imported import ImportedRequirement


def with_uv(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with what `[tool.uv]` adds; raises FtiError if not valid."""
    uv = table(data, "tool", "uv")
    if not uv:
        return declared
    sources = {
        each.lower().replace("_", "-"): value for each, value in table(uv, "sources").items()
    }
    constraints = reader.requirements(
        strings(uv.get("constraint-dependencies")), "tool.uv.constraint-dependencies"
    )
    overrides = list(
        reader.requirements(
            strings(uv.get("override-dependencies")), "tool.uv.override-dependencies"
        )
    )
    old = reader.requirements(strings(uv.get("dev-dependencies")), "tool.uv.dev-dependencies")
    groups = {"dev": tuple(old), **declared.groups} if "dev-dependencies" in uv else declared.groups
    return replace(
        declared,
        main=tuple(_placed(each, sources, "", reader) for each in declared.main),
        groups={
            name: tuple(_placed(each, sources, name, reader) for each in found)
            for name, found in groups.items()
        },
        indexes=tuple(_indexes(uv)),
        constraints=tuple(each for each in constraints if each.specifier),
        overrides=tuple((each.normalized, each.specifier) for each in overrides if each.specifier),
        platforms=marked_platforms(list(strings(uv.get("environments")))),
        notes=(*declared.notes, *_notes(uv, overrides, reader)),
    )


def _placed(
    requirement: ImportedRequirement, sources: Mapping[str, Any], group: str, reader: Reader
) -> ImportedRequirement:
    """Return a requirement with the source that applies in a group, if any."""
    value = sources.get(requirement.normalized)
    for each in tables(value if isinstance(value, list) else [value]):
        wanted = string(each.get("group")) or string(each.get("extra"))
        if wanted in ("", group):
            return placed(requirement, each, reader.path.parent)
    return requirement


def _indexes(uv: Mapping[str, Any]) -> list[ImportedIndex]:
    """Return the indexes; those that are searched before PyPI leave it as a supplemental source."""
    found = []
    for each in tables(uv.get("index")):
        url, name = string(each.get("url")), string(each.get("name"))
        if url and not is_pypi(url):
            explicit = each.get("explicit") is True
            found.append(index_of(url, "explicit" if explicit else "primary", name))
    default = string(uv.get("index-url"))
    if default and not is_pypi(default):
        found.append(index_of(default, "primary"))
    found += [
        index_of(url, "primary") for url in strings(uv.get("extra-index-url")) if not is_pypi(url)
    ]
    replaced = bool(default) or any(each.get("default") is True for each in tables(uv.get("index")))
    if not replaced and any(each.priority == "primary" for each in found):
        found.append(ImportedIndex(name="PyPI", url="", priority="supplemental"))
    return named_apart(found)


def _notes(
    uv: Mapping[str, Any], overrides: list[ImportedRequirement], reader: Reader
) -> Iterator[str]:
    where = reader.files.shown(reader.path)
    for each in overrides:
        if each.url or each.path or each.marker:
            yield (
                f"{where}: of the override of {each.name}, only the version was taken over. Poetry"
                " has no markers and URLs there."
            )
    markers = list(strings(uv.get("environments")))
    if markers and not marked_platforms(markers):
        yield (
            f"{where}: tool.uv.environments was left out. Set the key `platforms` of the stage if"
            " it is for some platforms only."
        )
    for key in ("no-binary-package", "no-build-package"):
        if key in uv:
            yield f"{where}: tool.uv.{key} was left out. See `poetry config installer.no-binary`."
    for each in table(uv, "sources").values():
        for item in tables(each if isinstance(each, list) else [each]):
            if item.get("workspace") is True:
                yield (
                    f"{where}: members of the workspace were left out. Add {quoted('path')} of"
                    " each that the stage contains."
                )
                return
