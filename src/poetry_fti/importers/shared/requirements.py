"""Lists of requirements: those of the same package are merged, and their pins are collected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName

    from poetry_fti.model.imported import ImportedRequirement


def merged(requirements: Iterable[ImportedRequirement]) -> list[ImportedRequirement]:
    """Return requirements of which those with the same name and marker are one.

    Their extras and specifiers are united, the first index counts, and pre-releases are allowed if
    one of them does. Direct references stay as they are.
    """
    found: dict[tuple[str, ...], ImportedRequirement] = {}
    for each in requirements:
        key = (each.normalized, each.marker, each.url, str(each.path or ""))
        if key in found:
            other = found[key]
            specifiers = dict.fromkeys(filter(None, (other.specifier, each.specifier)))
            extras = tuple(sorted({*other.extras, *each.extras}))
            found[key] = replace(
                other,
                specifier=",".join(specifiers),
                extras=extras,
                index=other.index or each.index,
                prereleases=other.prereleases or each.prereleases,
            )
        else:
            found[key] = each
    return list(found.values())


def pinned_versions(
    requirements: Iterable[ImportedRequirement],
) -> tuple[tuple[NormalizedName, str], ...]:
    """Return pairs of a package and the version to which it is pinned, in their order."""
    pins = {(each.normalized, str(each.pin)): None for each in requirements if each.pin}
    return tuple(pins)


def is_version(text: str) -> bool:
    """Return whether a text is a version (PEP 440)."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
