"""The platforms on which environment markers are true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

from poetry_fti.model import PLATFORMS
from poetry_fti.targets import marker_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry_fti.model import Platform

_VARIABLE: Final = re.compile(
    r"\b(os_name|sys_platform|platform_\w+|python_\w+|implementation_\w+|extras?|dependency_groups)\b"
)
_MACHINE: Final = "platform_machine"


def marked_platforms(markers: Sequence[str]) -> tuple[Platform, ...]:
    """Return the platforms on which one of some markers is true.

    Returns an empty tuple unless each marker names a processor architecture and depends on the
    platform only, and for a marker that is not valid.
    """
    environments = {each: marker_environment(each) for each in PLATFORMS}
    known = set(environments[PLATFORMS[0]])
    found: set[Platform] = set()
    for text in markers:
        used = set(_VARIABLE.findall(text))
        if _MACHINE not in used or not used <= known:
            return ()
        try:
            marker = Marker(text)
            found |= {each for each, env in environments.items() if marker.evaluate({**env})}
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
            return ()
    return tuple(each for each in PLATFORMS if each in found)
