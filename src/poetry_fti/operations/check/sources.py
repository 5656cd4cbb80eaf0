"""Gathers the package sources that Poetry searches for the requirements of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.checks.shared.facts import PackageSource
from poetry_fti.urls import is_pypi

if TYPE_CHECKING:
    from collections.abc import Mapping

_PYPI: Final = PackageSource(
    name="PyPI", priority="primary", path="tool.poetry.source", is_pypi=True
)


def package_sources(pyproject: Mapping[str, Any]) -> tuple[PackageSource, ...]:
    """Return the sources of a pyproject.toml that are searched, in the order of the search.

    Without a primary source, Poetry searches PyPI first, unless a source is named so.
    """
    tables = pyproject.get("tool", {}).get("poetry", {}).get("source", ())
    sources = [_source(table, index) for index, table in enumerate(tables)]
    primary = [each for each in sources if each.priority == "primary"]
    if not primary and all(not _is_named_pypi(each.name) for each in sources):
        primary = [_PYPI]
    return (*primary, *(each for each in sources if each.priority == "supplemental"))


def _source(table: Mapping[str, Any], index: int) -> PackageSource:
    return PackageSource(
        name=table["name"],
        priority=table.get("priority", "primary").lower(),
        path=f"tool.poetry.source[{index}]",
        is_pypi=_is_named_pypi(table["name"]) or is_pypi(table.get("url", "")),
    )


def _is_named_pypi(name: str) -> bool:
    return name.lower() == _PYPI.name.lower()
