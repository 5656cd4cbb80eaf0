"""Markers narrowed to where a stage runs: what is constant there becomes true or false."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from poetry.core.version.markers import (
    AnyMarker,
    EmptyMarker,
    MarkerUnion,
    MultiMarker,
    SingleMarkerLike,
    parse_marker,
)

from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.model import Targets

parsed_marker = cache(parse_marker)


class Narrowing:
    """A stage's extras, platforms and Python, as far as its markers may depend on them."""

    def __init__(
        self, extras: Iterable[str], targets: Targets, python: VersionConstraint | None
    ) -> None:
        """Narrow to `python` too unless it is None."""
        self._extras = {"extra": list(extras)}
        self._environments = [marker_environment(platform) for platform in targets.platforms]
        self._python = python

    def __call__(self, marker: BaseMarker) -> BaseMarker:
        """Return the marker without the leaves that are the same wherever the stage runs."""
        marker = _evaluated(marker, [self._extras])
        if self._environments:
            marker = self._for_platforms(marker)
        if self._python is not None:
            marker = marker.reduce_by_python_constraint(self._python)
        return marker

    def _for_platforms(self, marker: BaseMarker) -> BaseMarker:
        # Leaves may differ where the whole does not: "x86_64 or aarch64" is always true on both.
        first, *others = (_evaluated(marker, [each]) for each in self._environments)
        if all(other == first for other in others):
            return first
        return _evaluated(marker, self._environments)


def _evaluated(marker: BaseMarker, environments: Sequence[Mapping[str, Any]]) -> BaseMarker:
    """Replace each leaf that has the same value in all environments by this value."""
    if isinstance(marker, MultiMarker):
        return MultiMarker.of(*(_evaluated(part, environments) for part in marker.markers))
    if isinstance(marker, MarkerUnion):
        return MarkerUnion.of(*(_evaluated(part, environments) for part in marker.markers))
    if isinstance(marker, SingleMarkerLike) and marker.name in environments[0]:
        values = {marker.validate(environment) for environment in environments}
        if len(values) == 1:
            return AnyMarker() if values.pop() else EmptyMarker()
    return marker


def standard_marker(marker: BaseMarker) -> Marker | None:
    """Return the marker as `packaging` has it, None for one that is always true."""
    return None if marker.is_any() else Marker(str(marker))
