"""`[tool.pdm]`: sources and development groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.importers.shared.documents import string, strings, table, tables
from poetry_fti.importers.shared.indexes import index_of, named_apart
from poetry_fti.urls import is_pypi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.importers.projects.declared import Declared, Reader


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
    )


def _texts(found: object) -> list[str]:
    # `-e file:///${PROJECT_ROOT}/lib#egg=lib` is PDM's form of an editable path.
    start = "-e file:///${PROJECT_ROOT}/"
    return [
        f"-e ./{text.removeprefix(start).partition('#')[0]}" if text.startswith(start) else text
        for text in strings(found)
    ]
