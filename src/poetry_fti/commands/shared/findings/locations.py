"""The places in pyproject.toml that findings are about."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from poetry_fti.commands.shared.findings.toml_positions import Position, toml_positions

if TYPE_CHECKING:
    from pathlib import Path

_LAST_PART: Final = re.compile(r"""(?:\[\d+\]|\."[^"]*"|\.[^."\[\]]+)$""")
_GROUP: Final = re.compile(r"""(?:dependency-groups|tool\.poetry\.group)\."?([^."\[\]]+)"?""")
_STAGES: Final = "tool.fti.stages."


class Locations:
    """Finds the places in a pyproject.toml that paths such as `tool.fti.stages.train` name."""

    def __init__(self, file: str, text: str) -> None:
        """Use a file with this text; `file` is its path for readers, with forward slashes."""
        self.file = file
        self._text = text

    @cached_property
    def _positions(self) -> dict[str, Position]:
        return toml_positions(self._text)

    def find(self, path: str) -> Position:
        """Return where a path is, or else its nearest parent; in the end the file's first line.

        A stage without a table of its own is where its dependency group is.
        """
        while path and path not in self._positions:
            if path.startswith(_STAGES) and (group := self._group(path.removeprefix(_STAGES))):
                return group
            shorter = _LAST_PART.sub("", path)
            path = shorter if shorter != path else ""
        # Any tool's table would be the one that `tool` is part of.
        return self._positions[path] if path and path != "tool" else Position(1, 1)

    def _group(self, name: str) -> Position | None:
        """Return where the dependency group of a normalized name is; None if there is none."""
        for path, position in self._positions.items():
            found = _GROUP.fullmatch(path)
            if found and canonicalize_name(found[1]) == name:
                return position
        return None


def path_in_repository(path: Path) -> str:
    """Return a file's path relative to the root of its git repository, or its name without one."""
    path = path.absolute()
    root = next((each for each in path.parents if (each / ".git").exists()), path.parent)
    return path.relative_to(root).as_posix()
