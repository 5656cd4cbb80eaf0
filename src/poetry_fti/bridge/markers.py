"""Markers narrowed to where a stage runs: what is constant there becomes true or false."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from packaging.markers import Marker
from poetry.core.version import markers, requirements
from poetry.core.version.markers import (
    AnyMarker,
    EmptyMarker,
    MarkerUnion,
    MultiMarker,
    SingleMarker,
    SingleMarkerLike,
    parse_marker,
    union,
)
from poetry.puzzle import solver

from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.version.markers import BaseMarker

    from poetry_fti.model import Targets

# Nearly every marker in the wild: comparisons with "and" and "or", without parentheses. Poetry's
# grammar takes longer to read them than all that is made of them, and has the last word on others.
_LEAF: Final = re.compile(
    r"""[ \t]*(?P<name>os_name|sys_platform|extra|python(?:_full)?_version
        |platform_(?:machine|python_implementation|release|system|version)
        |implementation_(?:name|version))
    [ \t]*(?P<operator>===?|[<>!~]=|[<>]|not[ ]in|in)[ \t]*
    (?:"(?P<double>[^"\\\n]*)"|'(?P<single>[^'\\\n]*)')[ \t]*(?P<junction>and[ \t]|or[ \t]|$)""",
    re.VERBOSE,
)


@cache
def parsed_marker(text: str) -> BaseMarker:
    """Return what `parse_marker` returns. Raises InvalidMarkerError, as that does.

    Relies on how poetry-core's `_compact_markers` puts markers together.
    """
    disjunction: list[list[BaseMarker]] = [[]]
    position, junction = 0, "and"
    while junction:
        found = _LEAF.match(text, position)
        if found is None:
            return parse_marker(text)
        value = found["double"] if found["single"] is None else found["single"]
        leaf = SingleMarker(found["name"], f"{found['operator']} {value}")
        disjunction[-1].append(leaf)
        position, junction = found.end(), found["junction"].strip()
        if junction == "or":
            disjunction.append([])
    return union(*(each[0] if len(each) == 1 else MultiMarker(*each) for each in disjunction))


class Narrowing:
    """A stage's extras, platforms and Python, as far as its markers may depend on them."""

    def __init__(
        self,
        targets: Targets,
        python: VersionConstraint | None,
        extras: Iterable[str] | None = None,
    ) -> None:
        """Narrow to `python` and to exactly these `extras` too, unless they are None."""
        self._extras = None if extras is None else {"extra": list(extras)}
        self._environments = [marker_environment(platform) for platform in targets.platforms]
        self._python = python
        # By identity: equal markers may be written in another order, which a lock would show.
        self._narrowed: dict[int, tuple[BaseMarker, BaseMarker]] = {}

    def __call__(self, marker: BaseMarker) -> BaseMarker:
        """Return the marker without the leaves that are the same wherever the stage runs."""
        known = self._narrowed.get(id(marker))
        if known is None:
            known = self._narrowed[id(marker)] = (marker, self._narrow(marker))
        return known[1]

    def _narrow(self, marker: BaseMarker) -> BaseMarker:
        if self._extras is not None:
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


def forget_algebra() -> None:
    """Forget what poetry-core knows of parsed and combined markers.

    It takes markers that differ in their order for the same, so that what one stage made of
    them would show in the text of the next one's lock.
    """
    for module in (markers, requirements, solver):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


def standard_marker(marker: BaseMarker) -> Marker | None:
    """Return the marker as `packaging` has it, None for one that is always true."""
    return None if marker.is_any() else Marker(str(marker))
