"""`poetry fti remove-stage`: remove a stage."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option

from poetry_fti.commands.poetry.edit.former_stages import remove_environments, report_files
from poetry_fti.commands.poetry.stage_runner import find_runner
from poetry_fti.commands.shared.console import escape, guarded
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import STAGE
from poetry_fti.commands.shared.questions import AskingCommand
from poetry_fti.errors import DONE, FAILED, FtiError
from poetry_fti.operations.edit.existing_stages import remove_stage, text_without

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option


class RemoveStageCommand(AskingCommand):
    """Removes a stage with all that belongs to it alone."""

    name = "fti remove-stage"
    description = "Removes a pipeline stage: its table, its group, its files and its environment."
    arguments: ClassVar[list[Argument]] = [STAGE]
    options: ClassVar[list[Option]] = [option("yes", "y", "Do not ask for confirmation.")]
    help = """\
Shows what changes in <comment>pyproject.toml</comment> and, after confirmation, removes the table
of the stage, the dependency group of the same name unless others include it, the stage from rules,
waivers and the pipeline, its lock and exported files, its environment and its Jupyter kernels. With
<info>--no-interaction</info> a stage is removed only if <info>--yes</info> is given.

<info>poetry fti remove-stage inference</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Ask for confirmation, write pyproject.toml, then remove what belonged to the stage."""
        runner = find_runner(self, self.argument("stage"))
        project, stage = runner.project, runner.stage
        text = text_without(project, stage)
        if not self.option("yes"):
            before, after = project.text.splitlines(), text.splitlines()
            for line in list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]:
                self.line(escape(line))
            self.line("")
            if not self.io.is_interactive():
                raise FtiError("No file was changed. To remove the stage, pass `--yes`.")
            if not self.confirm(f"Remove the stage {escape(stage.name)}?"):
                self.line_error("<error>Command aborted</error>")
                return FAILED
        changed = remove_stage(project, stage, text)
        self.line(f"Removed the stage <c1>{escape(stage.name)}</c1>.")
        report_files(self, stage, changed)
        remove_environments(self, runner)
        return DONE
