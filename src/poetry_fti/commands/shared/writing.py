"""Exports on their way to the disk, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.commands.shared.console import escape

if TYPE_CHECKING:
    from pathlib import Path

    from cleo.io.io import IO

    from poetry_fti.operations.export import Rendered


def write(io: IO, root: Path, rendered: Rendered, *, only_changes: bool = False) -> None:
    """Replace files below `root`, all or none, and say which; raises OSError."""
    written = files.replace({root / path: text for path, text in rendered.texts.items()})
    for path in rendered.texts:
        if root / path in written:
            io.write_line(f"<info>wrote</info>     {escape(path)}")
        elif not only_changes:
            io.write_line(f"unchanged {escape(path)}")
    files.remove(root / path for path in rendered.left)
    for path in rendered.left:
        io.write_line(f"removed   {escape(path)}")
