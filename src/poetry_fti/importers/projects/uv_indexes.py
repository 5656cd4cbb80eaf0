"""`[[tool.uv.index]]` and the older keys of uv for package indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.importers.shared.documents import string, strings, tables
from poetry_fti.importers.shared.indexes import index_of, named_apart
from poetry_fti.model.imported import ImportedIndex
from poetry_fti.urls import is_pypi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PYPI: Final = "PyPI"


def uv_indexes(uv: Mapping[str, Any], root: Mapping[str, Any]) -> list[ImportedIndex]:
    """Return the indexes of a project; those that are searched before PyPI leave it as a source.

    `root` are the settings at the root of its workspace, or else its own.
    """
    declared = _declared(uv, root)
    found = []
    for each in declared:
        url, name = string(each.get("url")), string(each.get("name"))
        if not is_pypi(url):
            explicit = each.get("explicit") is True
            found.append(index_of(url, "explicit" if explicit else "primary", name))
    default = string(root.get("index-url"))
    if default and not is_pypi(default):
        found.append(index_of(default, "primary"))
    found += [
        index_of(url, "primary") for url in strings(root.get("extra-index-url")) if not is_pypi(url)
    ]
    if any(each.priority == "primary" for each in found):
        replaced = (default and not is_pypi(default)) or any(
            each.get("default") is True and not is_pypi(string(each.get("url")))
            for each in declared
        )
        # Only what names an explicit source uses it.
        found.append(
            ImportedIndex(name=_PYPI, url="", priority="explicit" if replaced else "supplemental")
        )
    return named_apart(found)


def with_pypi(
    source: Mapping[str, Any], uv: Mapping[str, Any], root: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return a source of a package, in which PyPI has the name that it has in Poetry.

    PyPI is no source unless another index is searched before it.
    """
    name = source.get("index")
    index = next((each for each in _declared(uv, root) if each.get("name") == name), None)
    if name is None or index is None or not is_pypi(string(index.get("url"))):
        return source
    is_source = any(not each.url for each in uv_indexes(uv, root))
    return {**source, "index": _PYPI if is_source else ""}


def _declared(uv: Mapping[str, Any], root: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tables of indexes with a URL, of which those of the project itself come first."""
    found = {string(each.get("name")) or each.get("url"): each for each in _tables(uv, root)}
    return [each for each in found.values() if string(each.get("url"))]


def _tables(uv: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from tables(uv.get("index"))
    if root is not uv:
        yield from tables(root.get("index"))
