"""The platforms on which environment markers are true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

from poetry_fti.model.platforms import PLATFORMS
from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model.platforms import Platform

_VARIABLE: Final = re.compile(
    r"\b(os_name|sys_platform|platform_\w+|python_\w+|implementation_\w+|extras?|dependency_groups)\b"
)
_MACHINE: Final = "platform_machine"


def marked_platforms(markers: Sequence[str]) -> tuple[Platform, ...]:
    """Return the platforms on which one of some markers is true.

    Returns an empty tuple unless each marker names a processor architecture and depends on the
    platform only, and for a marker that is not valid.
    """
    found: set[Platform] = set()
    for text in markers:
        trues = true_platforms(text)
        if trues is None or _MACHINE not in _VARIABLE.findall(text):
            return ()
        found |= trues
    return tuple(each for each in PLATFORMS if each in found)


def true_platforms(marker: str) -> frozenset[Platform] | None:
    """Return the platforms on which a marker is true.

    Returns None if it depends on something else, or is not valid.
    """
    environments = {each: marker_environment(each) for each in PLATFORMS}
    if not set(_VARIABLE.findall(marker)) <= set(environments[PLATFORMS[0]]):
        return None
    try:
        read = Marker(marker)
        return frozenset(each for each, env in environments.items() if read.evaluate({**env}))
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
        return None
