"""`[tool.pdm]`: sources and development groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.importers.shared.documents import string, strings, table, tables
from poetry_fti.importers.shared.indexes import index_of, named_apart, unverified_note
from poetry_fti.urls import is_pypi
from poetry_fti.wording import in_one_line, in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.importers.projects.declared import Declared, Reader

_ADVICE: Final[Mapping[str, str]] = {
    "allow-prereleases": "Add `allow-prereleases = true` to the requirements that need it.",
    "excludes": "See the key `exclude` of the stage.",
}


def with_pdm(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with what `[tool.pdm]` adds; raises FtiError if not valid."""
    pdm = table(data, "tool", "pdm")
    if not pdm:
        return declared
    groups = {
        name: tuple(reader.requirements(_texts(found), f"tool.pdm.dev-dependencies.{name}"))
        for name, found in table(pdm, "dev-dependencies").items()
    }
    indexes = [
        index_of(
            url,
            "primary" if name.lower() == "pypi" else "supplemental",
            "" if name.lower() == "pypi" else name,
        )
        for each in tables(pdm.get("source"))
        if (url := string(each.get("url"))) and not is_pypi(url)
        for name in (string(each.get("name")),)
    ]
    overrides = {
        canonicalize_name(name): value if value[:1] in "<>=!~" else f"=={value}"
        for name, value in table(pdm, "resolution", "overrides").items()
        if isinstance(value, str) and value and "://" not in value
    }
    return replace(
        declared,
        groups={**declared.groups, **groups},
        indexes=(*declared.indexes, *named_apart(indexes)),
        overrides=(*declared.overrides, *overrides.items()),
        notes=(*declared.notes, *_notes(pdm, reader)),
    )


def _notes(pdm: Mapping[str, Any], reader: Reader) -> Iterator[str]:
    """Yield a sentence for each setting without a counterpart."""
    where = reader.files.shown(reader.path)
    resolution = table(pdm, "resolution")
    for key, advice in _ADVICE.items():
        if resolution.get(key):
            yield f"{where}: tool.pdm.resolution.{key} was left out. {advice}"
    for name, value in table(resolution, "overrides").items():
        if isinstance(value, str) and "://" in value:
            yield (
                f"{where}: the override of {in_one_line(name)} is a URL, and was left out. Require"
                " the package by its URL."
            )
    for each in tables(pdm.get("source")):
        shown = in_quotes(string(each.get("name")))
        if each.get("include_packages") or each.get("exclude_packages"):
            yield (
                f"{where}: the limits of the source {shown} to some packages were left out. Name"
                " the source of these packages in the stage's group."
            )
        if each.get("verify_ssl") is False:
            yield unverified_note(where, string(each.get("name")))


def _texts(found: object) -> list[str]:
    # `-e file:///${PROJECT_ROOT}/lib#egg=lib` is PDM's form of an editable path.
    start = "-e file:///${PROJECT_ROOT}/"
    return [
        f"-e ./{text.removeprefix(start).partition('#')[0]}" if text.startswith(start) else text
        for text in strings(found)
    ]
