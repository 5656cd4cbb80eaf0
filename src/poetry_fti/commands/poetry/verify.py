"""`poetry fti verify`: compare models, environments and images with the locks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import argument, option
from poetry.console.commands.command import Command

from poetry_fti.commands.poetry.env import require_own
from poetry_fti.commands.poetry.stage_runner import StageRunner, for_this_machine
from poetry_fti.commands.shared.console import escape, guarded, load, warning
from poetry_fti.commands.shared.findings.output import print_findings
from poetry_fti.commands.shared.options import FINDINGS_FORMAT, findings_format
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.operations.check.run import CheckReport
from poetry_fti.operations.environments.installation import read_installation
from poetry_fti.operations.verify import VERIFICATIONS
from poetry_fti.operations.verify.model import consumers, verify_model
from poetry_fti.operations.verify.run import (
    unverified_environment,
    verify_environment,
    verify_python,
)
from poetry_fti.wording import in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option

    from poetry_fti.checks import Finding
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.operations.verify.image import VerifiedImage

_ENVIRONMENT: Final = "environment"
_IMAGE: Final = "image:"


class VerifyCommand(Command):
    """Compares models, environments and images with the locks of stages."""

    name = "fti verify"
    description = "Compares models, environments and images with the locks."
    arguments: ClassVar[list[Argument]] = [
        argument(
            "what",
            "What to verify: the path of a model, environment, or image:NAME.",
            multiple=True,
        )
    ]
    options: ClassVar[list[Option]] = [
        option("stage", None, "The stage to compare with.", flag=False),
        option("python", None, "The Python to verify instead of the stage's own.", flag=False),
        option("deep", None, "Compare the files of environments with their packages' hashes."),
        option("strict", None, "Exit with 3 if there are only warnings, too."),
        FINDINGS_FORMAT,
    ]
    help = """\
Of a model, reports versions that it was saved with and that break it in the stage that loads it.
Of an environment or an image, reports packages that are missing, have another version than the
lock, or are not locked. No model is loaded, nothing of an environment is imported, and no image is
started. The exit code is 3 if there are errors.

<info>poetry fti verify models/credit.joblib --stage inference</info>
<info>poetry fti verify environment --stage training</info>
<info>poetry fti verify environment --stage inference --python /opt/venv --deep</info>
<info>poetry fti verify image:ghcr.io/acme/credit-inference:latest</info>"""

    @guarded
    def handle(self) -> int:
        """Print the findings."""
        form = findings_format(self)
        words: list[str] = list(dict.fromkeys(self.argument("what")))
        paths = self._paths(words)
        project = load(self)
        environments = self._environments(project) if _ENVIRONMENT in words else ()
        images = self._images(project, words)
        loading = consumers(project, self.option("stage")) if paths else ()
        verified = (*environments, *(image.stage for image in images), *loading)
        stages = {each.name: each for each in verified}
        for stage in stages.values():
            if project.status(stage).state == "stale":
                warning(self.io, project.problem(stage))
        findings = list(self._of_environments(project, environments))
        for image in images:
            findings += image.findings()
        for path in paths:
            findings += self._of_model(project, loading, path)
        kinds = {"environment": environments, "image": images, "model": paths}
        checks = [kind for kind, found in kinds.items() if found]
        report = CheckReport(
            checks=tuple(checks),
            stages=tuple(stages),
            findings=tuple(findings),
            waived=(),
            unused_waivers=(),
        )
        described = {check: VERIFICATIONS[check] for check in checks}
        return print_findings(self, form, report, described, project)

    def _paths(self, words: Sequence[str]) -> list[Path]:
        """Return the paths of models among the words that name what is verified.

        Raises ConfigError for a word that is neither a path nor known.
        """
        others = [word for word in words if word != _ENVIRONMENT and not word.startswith(_IMAGE)]
        for word in words:
            if word == _IMAGE or (word in others and not Path(word).exists()):
                known = f'the path of a model, "{_ENVIRONMENT}" or "{_IMAGE}NAME"'
                raise ConfigError(f"{in_quotes(word)} cannot be verified. Pass {known}.")
        for name in ("python", "deep"):
            if self.option(name) not in (None, False) and _ENVIRONMENT not in words:
                raise ConfigError(f'--{name} only applies to "{_ENVIRONMENT}".')
        return [Path(word) for word in others]

    def _images(self, project: Project, words: Sequence[str]) -> list[VerifiedImage]:
        names = [word.removeprefix(_IMAGE) for word in words if word.startswith(_IMAGE)]
        if not names:
            return []
        # Imported here, as what describes images takes long to import.
        from poetry_fti.operations.verify.image import VerifiedImage  # noqa: PLC0415

        return [VerifiedImage(project, name, self.option("stage")) for name in names]

    def _of_model(
        self, project: Project, stages: Sequence[ProjectStage], path: Path
    ) -> Sequence[Finding]:
        model = verify_model(project, stages, path)
        if model.origin:
            self.line_error(escape(model.origin))
        return model.findings

    def _environments(self, project: Project) -> tuple[ProjectStage, ...]:
        """Return the stages whose environments are verified."""
        name = self.option("stage")
        stages = project.select([] if name is None else [name])
        if self.option("python") is not None and len(stages) > 1:
            raise ConfigError("Name the stage that the Python is compared with: --stage STAGE.")
        if name or self.option("python"):
            return stages
        return for_this_machine(self.io, stages, "verified", or_all=True)

    def _of_environments(
        self, project: Project, stages: Sequence[ProjectStage]
    ) -> Iterator[Finding]:
        for stage in stages:
            yield from self._of_environment(project, stage, is_only=len(stages) == 1)

    def _of_environment(
        self, project: Project, stage: ProjectStage, *, is_only: bool
    ) -> Iterator[Finding]:
        python, deep = self.option("python"), bool(self.option("deep"))
        if python is not None:
            yield from verify_python(project, stage, python, deep=deep)
            return
        try:
            runner = StageRunner(self, project, stage)
            require_own(runner.environments)
            folder = runner.inspected.path
        except FtiError as error:
            if is_only:
                raise
            yield unverified_environment(stage, error)
            return
        record = read_installation(folder)
        has_folders = record is None or record.directories
        yield from verify_environment(project, stage, folder, deep=deep, has_folders=has_folders)
