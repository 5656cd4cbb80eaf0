"""`poetry fti verify`: compare what is installed with what is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import argument, option
from poetry.console.commands.command import Command

from poetry_fti.commands.poetry.env import require_own
from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import guarded, load, warning
from poetry_fti.commands.shared.findings.output import print_findings
from poetry_fti.commands.shared.options import FINDINGS_FORMAT, findings_format
from poetry_fti.errors import ConfigError
from poetry_fti.operations.check.run import CheckReport
from poetry_fti.operations.environments.installation import read_installation
from poetry_fti.operations.verify import VERIFICATIONS
from poetry_fti.operations.verify.run import verify_environment, verify_python
from poetry_fti.wording import in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.checks import Finding
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

_ENVIRONMENT: Final = "environment"


class VerifyCommand(Command):
    """Compares environments with the locks of their stages."""

    name = "fti verify"
    description = "Compares what is installed with what is locked."
    arguments: ClassVar[list[Argument]] = [
        argument("what", "What to verify: environment.", multiple=True)
    ]
    options: ClassVar[list[Option]] = [
        option("stage", None, "The stage to compare with (default: all).", flag=False),
        option("python", None, "The Python to verify instead of the stage's own.", flag=False),
        option("deep", None, "Compare the installed files with the hashes of their packages."),
        option("strict", None, "Exit with 3 if there are only warnings, too."),
        FINDINGS_FORMAT,
    ]
    help = """\
Reports packages that are missing, have another version than the lock, or are not locked. Nothing
of the environment is imported. The exit code is 3 if there are errors.

<info>poetry fti verify environment --stage training</info>
<info>poetry fti verify environment --stage inference --python /opt/venv --deep</info>"""

    @guarded
    def handle(self) -> int:
        """Print the findings."""
        form = findings_format(self)
        words = tuple(dict.fromkeys(self.argument("what")))
        for word in words:
            if word != _ENVIRONMENT:
                raise ConfigError(f'{in_quotes(word)} cannot be verified. Pass "{_ENVIRONMENT}".')
        project = load(self)
        stages = self._stages(project)
        report = CheckReport(
            checks=words,
            stages=tuple(each.name for each in stages),
            findings=tuple(self._environments(project, stages)),
            waived=(),
            unused_waivers=(),
        )
        return print_findings(
            self, form, report, {word: VERIFICATIONS[word] for word in words}, project
        )

    def _stages(self, project: Project) -> tuple[ProjectStage, ...]:
        name = self.option("stage")
        stages = project.select([name] if name else [])
        if self.option("python") and len(stages) > 1:
            raise ConfigError("Name the stage that the Python is compared with: --stage STAGE.")
        return stages

    def _environments(
        self, project: Project, stages: tuple[ProjectStage, ...]
    ) -> Iterator[Finding]:
        python = self.option("python")
        for stage in stages:
            self._warn_if_stale(project, stage)
            if python:
                yield from verify_python(project, stage, python, deep=self.option("deep"))
                continue
            runner = StageRunner(self, project, stage)
            require_own(runner.environments)
            folder = runner.inspected.path
            record = read_installation(folder)
            yield from verify_environment(
                project,
                stage,
                folder,
                deep=self.option("deep"),
                has_folders=record is None or record.directories,
            )

    def _warn_if_stale(self, project: Project, stage: ProjectStage) -> None:
        if project.status(stage).state == "stale":
            warning(self.io, project.problem(stage))
