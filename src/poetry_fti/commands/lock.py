"""`poetry fti lock`: lock the stages, or check whether their locks are fresh."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import error, feedback_of, guarded, load, plain, warning
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.options import REPORT_FORMAT, STAGES, wants_json
from poetry_fti.errors import DONE, FOUND, FtiError
from poetry_fti.operations.pyproject_warnings.foreign_settings import foreign_warnings
from poetry_fti.operations.pyproject_warnings.unselected_extras import extra_warnings
from poetry_fti.operations.unseen_changes import unseen_changes
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


class LockCommand(Command):
    """Locks each stage on its own, with the same versions as the others where possible."""

    name = "fti lock"
    description = "Locks the pipeline stages, at the same versions wherever possible."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        option("check", None, "Check that the locks are fresh; exit with 3 if one is not."),
        option("regenerate", None, "Ignore existing locks and solve from scratch."),
        option("no-align", None, "Do not prefer the versions that other stages have."),
        option("no-build", None, "Fail for packages whose builds would be run for their metadata."),
        option("dry-run", None, "Report what would change without writing files."),
        REPORT_FORMAT,
    ]
    help = """\
Resolves each stage on its own and writes its lock to <comment>fti/STAGE/poetry.lock</comment>.
A fresh lock is not changed; a stale one keeps every version that is still allowed. Stages get the
same version of a package wherever possible.

<info>poetry fti lock</info>
<info>poetry fti lock training --regenerate</info>"""
    loggers: ClassVar[list[str]] = ["poetry.repositories.pypi_repository"]

    @guarded
    @exclusive(unless=("check", "dry-run"))
    def handle(self) -> int:
        """Lock the stages whose locks are not fresh, or report them (`--check`)."""
        json_wanted = wants_json(self)
        regenerate: bool = self.option("regenerate")
        # Poetry validates it while stages are solved, or else at the end.
        project = load(self, check=False)
        stages = project.select(self.argument("stages"))
        if self.option("check"):
            if regenerate:
                raise FtiError("--check locks no stage; leave --regenerate out.")
            return self._check(project, stages, json_wanted=json_wanted)
        # Checking takes a tenth less without these.
        from poetry_fti.commands.shared.reports.lock import report_locking  # noqa: PLC0415
        from poetry_fti.operations.locking.lock import LockRequest, lock_stages  # noqa: PLC0415

        names = frozenset(stage.name for stage in stages)
        request = LockRequest(
            stages=names,
            regenerate=regenerate,
            aligned=not self.option("no-align"),
            builds=not self.option("no-build"),
            dry_run=self.option("dry-run"),
        )
        results = lock_stages(project, stages, request, feedback_of(self))
        return report_locking(self, project, results, dry_run=request.dry_run)

    def _check(
        self, project: Project, stages: tuple[ProjectStage, ...], *, json_wanted: bool
    ) -> int:
        for text in (
            *unseen_changes(project, stages),
            *foreign_warnings(project),
            *extra_warnings(project, stages),
        ):
            warning(self.io, text)
        project.require_accepted()
        stale = [stage for stage in stages if not project.is_fresh(stage)]
        if json_wanted:
            found = {stage.name: project.status(stage) for stage in stages}
            states = {name: {"state": s.state, "reason": s.reason} for name, s in found.items()}
            plain(self.io, json.dumps({"stages": states}, indent=2) + "\n")
        elif stale:
            for stage in stale:
                error(self.io, project.problem(stage))
        else:
            self.line(f"{counted(len(stages), 'lock')} checked: all fresh.")
        return FOUND if stale else DONE
