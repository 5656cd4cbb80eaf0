"""The entry points of the distributions that are installed here, read once.

Poetry looks for plugins twice in each command, and reads those of all distributions each time.
"""

from __future__ import annotations

import sys
from importlib import metadata
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_read_all: Final = metadata.entry_points
_known: Final[dict[str, Mapping[str, metadata.EntryPoints]]] = {}


def remember() -> None:
    """Read those on the path, and let ``importlib.metadata`` take them from memory from now on.

    Nothing may be installed there any more. Folders that are added to the path are read each time,
    unless this is called again.
    """
    _known.update({each: _read(each) for each in sys.path if each and each not in _known})
    vars(metadata)["entry_points"] = _entry_points


def _entry_points(**selected: Any) -> Any:  # noqa: ANN401 - as the function that it replaces
    if not selected:
        return _read_all()
    found: dict[str, metadata.EntryPoints] = {}
    for folder in sys.path:
        # The first of two distributions of a name is the one that is imported.
        read = _known[folder] if folder in _known else _read(folder)
        found = {**read, **found}
    return metadata.EntryPoints(chain.from_iterable(found.values())).select(**selected)


def _read(folder: str) -> Mapping[str, metadata.EntryPoints]:
    """Return the entry points of each distribution in a folder."""
    found: dict[str, metadata.EntryPoints] = {}
    for each in metadata.distributions(path=[folder]):
        found.setdefault(canonicalize_name(each.name), each.entry_points)
    return found
