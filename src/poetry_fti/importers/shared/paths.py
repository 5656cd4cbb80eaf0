"""Paths that files name relative to a folder."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath


def path_in(folder: PurePath, text: str) -> PurePath:
    """Return the path that a text names in a folder, without `..`; links are not followed."""
    return type(folder)(os.path.normpath(folder / text))
