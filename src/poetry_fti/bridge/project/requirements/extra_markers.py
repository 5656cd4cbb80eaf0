"""Markers of requirements that depend on the project's own extras (`extra == "fast"`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.rebase import parsed_requirement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from packaging.utils import NormalizedName
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.model.platforms import Targets

_EXTRA: Final = re.compile(r"\bextra\b")
_NAMED: Final = re.compile(r"\bextra\s*==\s*[\"']([^\"']+)[\"']")
_MARKER: Final = re.compile(r"\s*;\s*(?P<marker>[^;]+?)\s*$")
_NEVER: Final = 'python_version < "0"'


def mentions_extra(text: str) -> bool:
    """Return whether a pyproject.toml may have markers that depend on extras."""
    return bool(_EXTRA.search(text))


def with_selected_extras(
    data: Mapping[str, Any], extras: Collection[NormalizedName]
) -> dict[str, Any]:
    """Return the data of a derived project with comparisons of `extra` replaced by their results.

    A marker that is false for the selected extras becomes one that is always false.
    """
    return dict(_items(data, extras))


def _value(value: Any, extras: Collection[NormalizedName]) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(value, list):
        return [_value(item, extras) for item in value]
    if isinstance(value, Mapping):
        return with_selected_extras(value, extras)
    parsed = parsed_requirement(value) if isinstance(value, str) and mentions_extra(value) else None
    found = _MARKER.search(value) if parsed and parsed.marker else None
    if found is None or not mentions_extra(found["marker"]):
        return value
    marker = _resolved(found["marker"], extras)
    return value[: found.start()] + (f" ; {marker}" if marker else "")


def _items(
    table: Mapping[str, Any], extras: Collection[NormalizedName]
) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if key != "markers" or not isinstance(value, str) or not mentions_extra(value):
            yield key, value if isinstance(value, str) else _value(value, extras)
        elif marker := _resolved(value, extras):
            yield key, marker


def _resolved(text: str, extras: Collection[NormalizedName]) -> str:
    """Return a marker for selected extras; empty if it is always true."""
    from poetry_fti.bridge.markers import evaluated, parsed_marker  # noqa: PLC0415 - slow

    try:
        marker = evaluated(parsed_marker(text), [{"extra": list(extras)}])
    except ValueError:  # Poetry reports it
        return text
    return "" if marker.is_any() else _NEVER if marker.is_empty() else str(marker)


def unselected_extras(
    package: ProjectPackage, targets: Targets
) -> Iterator[tuple[NormalizedName, tuple[NormalizedName, ...]]]:
    """Yield each package that a derived project requires only with extras, and these extras."""
    from poetry_fti.bridge.markers import Narrowing  # noqa: PLC0415 - slow

    everything = Narrowing(targets, package.python_constraint)
    without = Narrowing(targets, package.python_constraint, extras=False)
    applying = {each.name for each in package.all_requires if not without(each.marker).is_empty()}
    for each in package.all_requires:
        could_apply = each.name not in applying and not everything(each.marker).is_empty()
        if could_apply and (extras := _named(each)):
            yield each.name, extras


def _named(dependency: Dependency) -> tuple[NormalizedName, ...]:
    return tuple(dict.fromkeys(map(canonicalize_name, _NAMED.findall(str(dependency.marker)))))
