"""`poetry fti rename`: rename a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument
from poetry.console.commands.command import Command

from poetry_fti.commands.poetry.edit.former_stages import remove_environments, report_files
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import escape, guarded
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.errors import DONE
from poetry_fti.operations.edit.existing_stages import rename_stage

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument


class RenameCommand(Command):
    """Renames a stage with all that belongs to it."""

    name = "fti rename"
    description = "Renames a pipeline stage: its table, its group, its lock and where it is named."
    arguments: ClassVar[list[Argument]] = [STAGE, argument("new", "The new name of the stage.")]
    help = """\
Renames the stage in <comment>pyproject.toml</comment>, with the dependency group of the same name
and wherever groups, stages, rules, waivers, the pipeline and images name them, and moves the lock.
Exported files, the environment and the Jupyter kernels of the old name are removed.

<info>poetry fti rename training torch-training</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Write pyproject.toml together with the lock, then remove what has the old name."""
        runner = find_runner(self, self.argument("stage"))
        new: str = self.argument("new")
        changed = rename_stage(runner.project, runner.stage, new)
        name = escape(new)
        self.line(f"Renamed the stage {escape(runner.stage.name)} to <c1>{name}</c1>.")
        report_files(self, runner.stage, changed)
        remove_environments(self, runner)
        self.line(f"Lock it with <info>poetry fti lock {name}</info>.")
        if changed.removed or changed.outside:
            self.line(f"Export it again with <info>poetry fti export {name}</info>.")
        return DONE
