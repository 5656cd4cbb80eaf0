"""Reports on exported files, on those that are out of date, and on the layers of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import error, escape, plain, warning
from poetry_fti.wording import counted, harmless

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import PurePosixPath

    from cleo.io.io import IO

    from poetry_fti.operations.export import Difference, Rendered, Written


def report_written(io: IO, written: Written, *, only_changes: bool = False) -> None:
    """Print a line for each exported file; with `only_changes` none for unchanged files."""
    for path in written.paths:
        if path in written.replaced:
            io.write_line(f"<info>wrote</info>     {escape(path)}")
        elif not only_changes:
            io.write_line(f"unchanged {escape(path)}")
    for path in written.removed:
        io.write_line(f"removed   {escape(path)}")


def report_unused(io: IO, unused: Mapping[PurePosixPath, str]) -> None:
    """Print a line for each file of an earlier export that no export updates, and what to do."""
    for path, reason in unused.items():
        io.write_line(_obsolete(path, reason))
    if unused:
        warning(io, _delete(unused))


def report_outdated(io: IO, rendered: Rendered, changed: Sequence[Difference]) -> bool:
    """Print a line for each file that is not up to date, with -v a diff, and what to do.

    Returns whether there is any.
    """
    for each in changed:
        io.write_line(f"{'missing ' if each.found is None else 'outdated'}  {escape(each.path)}")
        if io.is_verbose():
            plain(io, harmless(each.diff))
    for path in rendered.obsolete:
        io.write_line(_obsolete(path, "no longer used"))
    for path, reason in rendered.unused.items():
        io.write_line(_obsolete(path, reason))
    updated, unused = len(changed) + len(rendered.obsolete), rendered.unused
    advice = ["Run `poetry fti export` with the same options."] * bool(updated)
    advice += [_delete(unused)] * bool(unused)
    if advice:
        count = counted(updated + len(unused), "file")
        error(io, " ".join([f"{count} not up to date.", *advice]))
    return bool(advice)


def _obsolete(path: PurePosixPath, reason: str) -> str:
    return f"obsolete  {escape(path)} ({escape(reason)})"


def _delete(unused: Collection[PurePosixPath]) -> str:
    what = next(iter(unused)) if len(unused) == 1 else "the obsolete files"
    return f"Delete {what}, which no export updates."


def report_layers(io: IO, shared: str, warnings: Iterable[str]) -> None:
    """Print the sentence on what images share, unless it is empty, and warnings about images."""
    if shared:
        io.write_line(f"\n{escape(shared)}")
    for text in warnings:
        warning(io, text)
