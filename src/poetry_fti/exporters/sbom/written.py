"""Reads the licenses in an SBOM that has been written before, without the library of the format."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.exporters.sbom.references import referenced
from poetry_fti.model.licenses import License
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.model.lock import LockedStage


def with_written_licenses(locked: LockedStage, text: str) -> LockedStage:
    """Return the stage with the licenses that the text of its SBOM has for its packages.

    What is not valid in the text is ignored.
    """
    known = _licenses(text)
    packages = (
        replace(package, licenses=known.get(reference, ()))
        for reference, package in referenced(locked.packages).items()
    )
    return replace(locked, packages=tuple(packages))


def _licenses(text: str) -> Mapping[str, tuple[License, ...]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {
        reference: tuple(_of(component))
        for component in _objects(document, "components")
        if isinstance(reference := component.get("bom-ref"), str)
    }


def _of(component: Mapping[str, Any]) -> Iterator[License]:
    for each in _objects(component, "licenses"):
        inner = each.get("license")
        values = inner if isinstance(inner, dict) else each
        for key in ("id", "expression", "name"):
            value = values.get(key)
            if isinstance(value, str) and value and value == in_one_line(value):
                yield License(value, is_spdx=key != "name")


def _objects(parent: object, key: str) -> list[dict[str, Any]]:
    found = parent.get(key) if isinstance(parent, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
