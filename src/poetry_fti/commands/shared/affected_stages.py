"""The stages that a command with `--since` works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import warning
from poetry_fti.operations.affected.run import affected_stages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poetry.console.commands.command import Command

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def affected_of(
    command: Command, project: Project, stages: Iterable[ProjectStage], revision: str
) -> tuple[ProjectStage, ...]:
    """Return those of `stages` that the changes since a git revision affect; print warnings.

    Raises FtiError as `affected_stages` does.
    """
    report = affected_stages(project, revision)
    for text in report.warnings:
        warning(command.io, text)
    names = {each.stage.name for each in report.affected}
    return tuple(stage for stage in stages if stage.name in names)
