"""Check `orphans`: no folder is left of a stage that no longer exists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.checks import Check, Finding
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks.shared.facts import CheckedProject


def _find(project: CheckedProject) -> Iterator[Finding]:
    for folder in project.leftovers():
        yield Finding(
            check="orphans",
            level="warning",
            message=f"{in_one_line(folder)} belongs to no stage",
            fix="Remove it with `poetry fti clean`",
            path="tool.fti.stages",
        )


CHECK: Final = Check(
    _find,
    "no folder is left of a stage that no longer exists",
    "The folder of a stage that was removed or renamed keeps its lock, which scanners and update"
    " bots still read, and files that somebody may deploy.\n\nRemove such folders with"
    " `poetry fti clean`, or declare the stage again.",
)
