"""`poetry fti install`: install stages into their environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import argument
from poetry.console.commands.command import Command
from poetry.console.commands.install import InstallCommand as PoetryInstallCommand
from poetry.installation.executor import Executor
from poetry.installation.installer import Installer
from poetry.installation.operations import Uninstall
from poetry.repositories.installed_repository import InstalledRepository

from poetry_fti.bridge.environments import require_platform
from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package
    from poetry.installation.operations.operation import Operation
    from poetry.utils.env import Env

    from poetry_fti.operations.stage import ProjectStage

# Extras and groups of a stage are configured, so that its lock and its images have the same ones.
_CONFIGURED: Final = ("extras", "all-extras", "all-groups")


class InstallCommand(Command):
    """Runs `poetry install` on stages, each in an environment of its own."""

    name = "fti install"
    description = "Installs pipeline stages, each into a virtual environment of its own."
    arguments: ClassVar[list[Argument]] = [
        argument("stages", "The stages to install.", multiple=True)
    ]
    options: ClassVar[list[Option]] = [
        each for each in PoetryInstallCommand.options if each.name not in _CONFIGURED
    ]
    help = """\
Installs the packages of a stage's lock, and the project itself, into the stage's own virtual
environment. Poetry's <comment>virtualenvs</comment> settings decide where it is created; within
the project it is <comment>.venv-STAGE</comment>.

<info>poetry fti install training</info>
<info>poetry fti install training inference --sync</info>"""
    loggers: ClassVar[list[str]] = PoetryInstallCommand.loggers

    @guarded
    def handle(self) -> int:
        """Install one stage after the other, after checking that all can be installed."""
        project = load(self)
        stages = project.select(self.argument("stages"))
        runners = [StageRunner(self, project, stage) for stage in stages]
        for runner in runners:
            _require_installable(runner, stages)
        return max(self._install(runner) for runner in runners)

    def _install(self, runner: StageRunner) -> int:
        self.line(f"Installing <c1>{escape(runner.stage.name)}</c1>")
        return install(runner)


def _require_installable(runner: StageRunner, stages: Sequence[ProjectStage]) -> None:
    """Raise FtiError for a stage whose lock is not fresh or whose installation would fail."""
    if runner.project.status(runner.stage).state != "fresh":
        raise FtiError(runner.project.problem(runner.stage))
    require_platform(runner.stage.stage)
    if runner.environments.is_shared and len(stages) > 1:
        raise FtiError(
            "Poetry's setting virtualenvs.create is false, so that all stages would be installed"
            " into one environment. Install one of them, or run"
            " `poetry config --local virtualenvs.create true`."
        )


def install(runner: StageRunner, gone: Collection[NormalizedName] = ()) -> int:
    """Install a stage with a fresh lock, and uninstall the packages in `gone`.

    Returns the exit code of Poetry's command. Raises Poetry's PythonVersionError if there is no
    Python that the stage allows.
    """
    env, inner = runner.environments.get_or_create(), _StageInstall()
    inner.set_installer(_StageInstaller(runner, env, gone))
    return runner.hand_over(inner, env)


class _StageInstall(PoetryInstallCommand):
    """Poetry's `install` with the option `--sync`, which for the project is a command `sync`."""

    @property
    def _with_synchronization(self) -> bool:
        return bool(self.option("sync"))


class _StageInstaller(Installer):
    """Poetry's installer, without extras: a stage requires those that it selects."""

    def __init__(self, runner: StageRunner, env: Env, gone: Collection[NormalizedName]) -> None:
        poetry, installed = runner.poetry, InstalledRepository.load(env)
        kept = {package.name for package in installed.system_site_packages}
        removed = [p for p in installed.packages if p.name in gone and p.name not in kept]
        super().__init__(
            runner.io,
            env,
            poetry.package,
            poetry.locker,
            poetry.pool,
            poetry.config,
            installed=installed,
            executor=_StageExecutor(runner, env, removed),
        )

    def extras(self, extras: list[str]) -> Installer:  # noqa: ARG002 - those of `poetry fti add`
        return super().extras([])


class _StageExecutor(Executor):
    """Poetry's executor, which first removes packages: for Poetry they are not in the lock."""

    def __init__(self, runner: StageRunner, env: Env, removed: Collection[Package]) -> None:
        poetry = runner.poetry
        super().__init__(
            env,
            poetry.pool,
            poetry.config,
            runner.io,
            disable_cache=poetry.disable_cache,
            build_constraints=poetry.build_constraints,
        )
        self._gone = removed

    def execute(self, operations: list[Operation]) -> int:
        return super().execute([*map(Uninstall, self._gone), *operations])
