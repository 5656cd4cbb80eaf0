"""`poetry fti show`: show the packages of a stage's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument
from packaging.version import Version
from poetry.console.commands.command import Command
from poetry.console.commands.show import ShowCommand as PoetryShowCommand

from poetry_fti.bridge.environments import mock_environment
from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import error, escape, guarded, load, warning
from poetry_fti.commands.shared.options import wants_json
from poetry_fti.commands.shared.reports.held_back import older_lines
from poetry_fti.errors import DONE, FtiError
from poetry_fti.operations.comparison import held_back_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


class ShowCommand(Command):
    """Runs `poetry show` on the lock of a stage."""

    name = "fti show"
    description = "Shows information about the packages of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [
        argument("stage", "The name of the stage (default: all).", optional=True),
        *PoetryShowCommand.arguments,
    ]
    options: ClassVar[list[Option]] = PoetryShowCommand.options
    help = """\
Shows what <info>poetry show</info> would if the stage were a project of its own. Without a stage,
all stages are shown.

<info>poetry fti show training --tree</info>
<info>poetry fti show training numpy --tree --why</info>"""
    loggers: ClassVar[list[str]] = PoetryShowCommand.loggers

    @guarded
    def handle(self) -> int:
        """Show the packages of the locks; the stages need not have environments."""
        json_wanted = wants_json(self)
        name, project = self.argument("stage"), load(self)
        if name is not None:
            (stage,) = project.select([name])
            return self._show(StageRunner(self, project, stage))
        if json_wanted:
            raise FtiError("--format json shows one stage: name it.")
        return max((self._show_one(project, each) for each in project.stages), default=DONE)

    def _show_one(self, project: Project, stage: ProjectStage) -> int:
        """Show one of several stages; an error is printed, so that the others are shown, too."""
        if stage is not project.stages[0]:
            self.line("")
        self.line(f"<b>{escape(stage.name)}</b>")
        try:
            return self._show(StageRunner(self, project, stage))
        except FtiError as failure:
            error(self.io, failure)
            return failure.exit_code

    def _show(self, runner: StageRunner) -> int:
        status = runner.project.status(runner.stage)
        if not status.is_readable:
            raise FtiError(runner.project.problem(runner.stage))
        if status.state == "stale":
            warning(self.io, runner.project.problem(runner.stage))
        env, inner = runner.environments.inspected(), _Show()
        if env is None or not runner.environments.is_usable(env):
            code = runner.hand_over(inner, mock_environment(runner.stage.python))
        else:
            code = runner.hand_over(inner, env)
        self._report_held_back(runner, inner.latest)
        return code

    def _report_held_back(
        self, runner: StageRunner, latest: Mapping[NormalizedName, Version]
    ) -> None:
        """Report outdated packages whose newer versions only other stages exclude."""
        if not latest:
            return
        name, stages = runner.stage.name, runner.project.comparable()
        found = held_back_in(name, stages, latest, runner.project)
        for line in older_lines({name: found}, stages):
            self.io.write_error_line(line)


class _Show(PoetryShowCommand):
    """Poetry's command, which remembers the `latest` versions that it has found."""

    def __init__(self) -> None:
        super().__init__()
        self.latest: dict[NormalizedName, Version] = {}

    def find_latest_package(self, package: Package, root: ProjectPackage) -> Package | None:
        found = super().find_latest_package(package, root)
        if found is not None and not package.is_direct_origin():
            self.latest[package.name] = Version(found.version.text)
        return found
