"""`poetry fti update`: update packages in the locks of stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument, option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import feedback_of, guarded, load
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import REPORT_FORMAT, wants_json
from poetry_fti.commands.shared.reports.lock import report_locking
from poetry_fti.operations.edit.stage_words import chosen_stages, leading_stages
from poetry_fti.operations.locking.lock import LockRequest, lock_stages

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option


class UpdateCommand(Command):
    """Locks stages at newer versions of all or of the named packages."""

    name = "fti update"
    description = "Updates packages in the locks of the pipeline stages."
    arguments: ClassVar[list[Argument]] = [
        argument(
            "packages",
            "The packages to update (default: all), which may be preceded by stages.",
            optional=True,
            multiple=True,
        )
    ]
    options: ClassVar[list[Option]] = [
        option(
            "stage", None, "Update only this stage (may be repeated).", flag=False, multiple=True
        ),
        option("dry-run", None, "Report what would change without writing files."),
        REPORT_FORMAT,
    ]
    help = """\
Resolves stages to the newest versions that <comment>pyproject.toml</comment> allows. If packages
are named, only they and the packages that have to change with them are updated; all others keep
their versions. Stages get the same version of a package wherever possible.

<info>poetry fti update</info>
<info>poetry fti update training</info>
<info>poetry fti update training,inference numpy</info>
<info>poetry fti update numpy --stage training --dry-run</info>"""
    loggers: ClassVar[list[str]] = ["poetry.repositories.pypi_repository"]

    @guarded
    @exclusive(unless=("dry-run",))
    def handle(self) -> int:
        """Update the packages in each stage that has them in its lock."""
        wants_json(self)  # report an invalid option before solving
        project = load(self)
        dry_run: bool = self.option("dry-run")
        known = [stage.name for stage in project.stages]
        packages: list[str] = self.argument("packages")
        if chosen := self.option("stage"):
            names = chosen_stages(chosen, known)
        else:
            names, packages = leading_stages("update", packages, known)
        request = LockRequest.for_update(project, packages, names, dry_run=dry_run)
        stages = project.select(request.stages)
        results = lock_stages(project, stages, request, feedback_of(self))
        return report_locking(self, project, results, dry_run=dry_run)
