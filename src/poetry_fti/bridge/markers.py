"""Parsing markers, and simplifying them for the targets of a stage."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from poetry.core.version import markers, requirements
from poetry.core.version.markers import (
    AnyMarker,
    EmptyMarker,
    MarkerUnion,
    MultiMarker,
    SingleMarkerLike,
    parse_marker,
)
from poetry.puzzle import solver

from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.model.platforms import Targets


@cache
def parsed_marker(text: str) -> BaseMarker:
    """Return a marker that was parsed once for each text; raises InvalidMarkerError."""
    return parse_marker(text)


class Narrowing:
    """A function that simplifies markers for a stage's platforms and Python."""

    def __init__(
        self, targets: Targets, python: VersionConstraint | None, *, extras: bool = True
    ) -> None:
        """Simplify for the platforms of `targets` and, unless None, for `python`.

        Unless there are `extras`, a marker that names one is false.
        """
        self._extras = extras
        self._environments = [marker_environment(platform) for platform in targets.platforms]
        self._python = python
        # Keyed by identity: equal markers may differ in their order, which shows in a lock.
        self._narrowed: dict[int, tuple[BaseMarker, BaseMarker]] = {}

    def __call__(self, marker: BaseMarker) -> BaseMarker:
        """Return the marker without the comparisons whose result is the same on all targets."""
        known = self._narrowed.get(id(marker))
        if known is None:
            known = self._narrowed[id(marker)] = (marker, self._narrow(marker))
        return known[1]

    def _narrow(self, marker: BaseMarker) -> BaseMarker:
        if not self._extras:
            marker = evaluated(marker, [{"extra": []}])
        if self._environments:
            marker = self._for_platforms(marker)
        if self._python is not None:
            marker = marker.reduce_by_python_constraint(self._python)
        return marker

    def _for_platforms(self, marker: BaseMarker) -> BaseMarker:
        # Comparisons may differ where the whole does not: "x86_64 or aarch64" is true on both.
        first, *others = (evaluated(marker, [each]) for each in self._environments)
        if all(other == first for other in others):
            return first
        return evaluated(marker, self._environments)


def evaluated(marker: BaseMarker, environments: Sequence[Mapping[str, Any]]) -> BaseMarker:
    """Return the marker with each comparison replaced that has one result in all environments."""
    if isinstance(marker, MultiMarker):
        return MultiMarker.of(*(evaluated(part, environments) for part in marker.markers))
    if isinstance(marker, MarkerUnion):
        return MarkerUnion.of(*(evaluated(part, environments) for part in marker.markers))
    if isinstance(marker, SingleMarkerLike) and marker.name in environments[0]:
        values = {marker.validate(environment) for environment in environments}
        if len(values) == 1:
            return AnyMarker() if values.pop() else EmptyMarker()
    return marker


def clear_marker_caches() -> None:
    """Clear poetry-core's caches of parsed and combined markers.

    The caches treat markers that differ only in their order as the same, so the order of the
    markers in one lock would otherwise depend on the stages that were locked before.
    """
    for module in (markers, requirements, solver):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


def standard_marker(marker: BaseMarker) -> Marker | None:
    """Return the marker as a `packaging` marker; None if it is always true."""
    return None if marker.is_any() else Marker(str(marker))
