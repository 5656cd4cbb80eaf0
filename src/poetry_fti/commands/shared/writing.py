"""Reports on exported files and on the layers of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import escape, warning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cleo.io.io import IO

    from poetry_fti.operations.export import Written


def report_written(io: IO, written: Written, *, only_changes: bool = False) -> None:
    """Print a line for each exported file; with `only_changes` none for unchanged files."""
    for path in written.paths:
        if path in written.replaced:
            io.write_line(f"<info>wrote</info>     {escape(path)}")
        elif not only_changes:
            io.write_line(f"unchanged {escape(path)}")
    for path in written.removed:
        io.write_line(f"removed   {escape(path)}")


def report_layers(io: IO, shared: str, warnings: Iterable[str]) -> None:
    """Print the sentence on what images share, unless it is empty, and warnings about images."""
    if shared:
        io.write_line(f"\n{escape(shared)}")
    for text in warnings:
        warning(io, text)
