"""The package indexes of a pixi environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.importers.shared.documents import string, strings, table, tables
from poetry_fti.importers.shared.indexes import index_of, named_apart
from poetry_fti.urls import is_pypi

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.importers.pixi.features import Feature
    from poetry_fti.model.imported import ImportedIndex


def indexes_of(features: Sequence[Feature]) -> list[ImportedIndex]:
    """Return the indexes of features and, as explicit ones, those that single packages name."""
    found: dict[str, ImportedIndex] = {}
    for each in [*_declared(features), *_named(features)]:
        found.setdefault(each.url, each)
    return named_apart(found.values())


def _declared(features: Sequence[Feature]) -> Iterator[ImportedIndex]:
    for feature in features:
        options = table(feature.data, "pypi-options")
        first = string(options.get("index-url"))
        if first and not is_pypi(first):
            yield index_of(first, "primary")
        for url in strings(options.get("extra-index-urls")):
            if not is_pypi(url):
                yield index_of(url, "supplemental")


def _named(features: Sequence[Feature]) -> Iterator[ImportedIndex]:
    for feature in features:
        for each in (feature.data, *tables(list(table(feature.data, "target").values()))):
            for value in table(each, "pypi-dependencies").values():
                url = string(table(value).get("index"))
                if url and not is_pypi(url):
                    yield index_of(url, "explicit")
