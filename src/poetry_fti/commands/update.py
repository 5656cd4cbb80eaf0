"""`poetry fti update`: newer versions for the stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument, option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import feedback_of, guarded, load
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.lock_report import report_locking
from poetry_fti.commands.shared.options import REPORT_FORMAT, wants_json
from poetry_fti.operations.locking.lock import LockRequest, lock_stages

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option


class UpdateCommand(Command):
    """Updates packages in the locks of the stages."""

    name = "fti update"
    description = "Updates packages in the locks of the pipeline stages."
    arguments: ClassVar[list[Argument]] = [
        argument(
            "packages",
            "The packages to update; all of them without any.",
            optional=True,
            multiple=True,
        )
    ]
    options: ClassVar[list[Option]] = [
        option("stage", None, "Only in this stage (may be repeated).", flag=False, multiple=True),
        option("dry-run", None, "Say what would change, and write nothing."),
        REPORT_FORMAT,
    ]
    help = """\
Solves stages anew for the newest versions that <comment>pyproject.toml</comment> allows. With
names of packages only these are updated, and what has to move with them; everything else keeps its
version. Stages get the same version of a package wherever they can.

<info>poetry fti update</info>
<info>poetry fti update numpy --stage training --dry-run</info>"""
    loggers: ClassVar[list[str]] = ["poetry.repositories.pypi_repository"]

    @guarded
    @exclusive(unless=("dry-run",))
    def handle(self) -> int:
        """Update the packages where they are locked."""
        wants_json(self)  # what is wrong with the option is wrong before anything is solved
        project = load(self)
        dry_run: bool = self.option("dry-run")
        request = LockRequest.for_update(
            project, self.argument("packages"), self.option("stage"), dry_run=dry_run
        )
        stages = project.select(request.stages)
        results = lock_stages(project, stages, request, feedback_of(self))
        return report_locking(self, project, results, dry_run=dry_run)
