"""The files, environments and kernels of a name that a stage no longer has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import escape
from poetry_fti.operations.edit.kernels import remove_kernels
from poetry_fti.wording import in_one_line, joined

if TYPE_CHECKING:
    from poetry.console.commands.command import Command

    from poetry_fti.commands.poetry.stage_runner import StageRunner
    from poetry_fti.operations.edit.existing_stages import StageChange
    from poetry_fti.operations.stage import ProjectStage


def report_files(command: Command, stage: ProjectStage, changed: StageChange) -> None:
    """Print which exported files were removed, and which other files remain."""
    folder = f" in {escape(stage.folder)}"
    for verb, names, where in (
        ("Removed", changed.removed, folder),
        ("Removed", changed.outside, ""),
        ("Kept", changed.kept, folder),
    ):
        if names:
            command.line(f"{verb} {escape(in_one_line(joined(names)))}{where}.")


def remove_environments(command: Command, runner: StageRunner) -> None:
    """Remove the environments that have a stage's name: none can be moved to another.

    The user's Jupyter kernels that run in one of them are removed as well.
    """
    environments = runner.environments
    if environments.is_shared:
        return
    for path in environments.remove_all():
        command.line(f"Deleted virtualenv: <comment>{escape(path)}</comment>")
    kernels = remove_kernels(environments.has_removed)
    if kernels:
        noun = "kernel" if len(kernels) == 1 else "kernels"
        command.line(f"Removed the Jupyter {noun} {escape(in_one_line(joined(kernels)))}.")
