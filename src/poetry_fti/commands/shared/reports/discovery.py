"""The report on the files that can be imported, and on the stages that are proposed for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import aligned, escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.operations.importing.discover import Discovery


def discovery_lines(found: Discovery) -> Iterator[str]:
    """Yield the lines of a table of proposed stages, and of the files that are left."""
    if found.proposals:
        rows = [
            (each.stage, each.kind, str(each.candidate), each.reason) for each in found.proposals
        ]
        for line in aligned([("stage", "kind", "file", "because"), *rows]):
            yield escape(line)
    else:
        yield "No file was found that can be imported into a stage."
    rest = [(str(each.candidate), each.reason) for each in found.rest]
    rest += [(str(path), message) for path, message in found.unreadable]
    if rest:
        yield ""
        yield "Not imported:"
        for line in aligned((f"  {path}", reason) for path, reason in rest):
            yield escape(line)
