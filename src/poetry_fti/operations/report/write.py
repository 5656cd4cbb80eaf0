"""Writes a report to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti import files

if TYPE_CHECKING:
    from pathlib import Path


def write_report(path: Path, text: str) -> bool:
    """Write a report unless the file has the same text, and return whether it was written.

    Raises OSError, and FtiError for a symbolic link that leaves the file's folder.
    """
    return bool(files.replace({path: text}, path.parent))
