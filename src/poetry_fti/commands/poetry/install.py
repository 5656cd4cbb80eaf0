"""`poetry fti install`: install stages into their environments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cleo.helpers import option
from poetry.console.commands.command import Command
from poetry.console.commands.install import InstallCommand as PoetryInstallCommand
from poetry.installation.executor import Executor
from poetry.installation.installer import Installer
from poetry.installation.operations import Uninstall
from poetry.repositories.installed_repository import InstalledRepository

from poetry_fti.bridge.environments import platform_problem
from poetry_fti.commands.poetry.stage_runner import StageRunner, for_this_machine
from poetry_fti.commands.shared.affected_stages import affected_of
from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.commands.shared.options import SINCE, STAGES
from poetry_fti.errors import DONE, FtiError
from poetry_fti.operations.environments.installation import (
    Installation,
    packages_digest,
    write_installation,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from packaging.utils import NormalizedName
    from poetry.core.packages.package import Package
    from poetry.installation.operations.operation import Operation
    from poetry.utils.env import Env

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage

# Extras and groups of a stage are configured, so that its lock and its images have the same ones.
_CONFIGURED: Final = ("extras", "all-extras", "all-groups")
# For Poetry it is deprecated, as the project has a command `sync`.
_ONE_ENVIRONMENT: Final = (
    "Poetry's setting virtualenvs.create is false, so that all stages would be installed"
    " into one environment. Install one of them, or run"
    " `poetry config --local virtualenvs.create true`."
)
_SYNC: Final = option("sync", None, "Remove packages that the lock does not contain.")


class InstallCommand(Command):
    """Runs `poetry install` on stages, each in an environment of its own."""

    name = "fti install"
    description = "Installs pipeline stages, each into a virtual environment of its own."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [
        _SYNC if each.name == "sync" else each
        for each in PoetryInstallCommand.options
        if each.name not in _CONFIGURED
    ]
    options.append(SINCE)
    help = """\
Installs the packages of a stage's lock, and the project itself, into the stage's own virtual
environment. Without arguments, all stages are installed. Poetry's <comment>virtualenvs</comment>
settings decide where environments are created; within the project they are
<comment>.venv-STAGE</comment>.

<info>poetry fti install training</info>
<info>poetry fti install training inference --sync</info>
<info>poetry fti install --since origin/main</info>"""
    loggers: ClassVar[list[str]] = PoetryInstallCommand.loggers

    @guarded
    def handle(self) -> int:
        """Install one stage after the other, after checking that all can be installed."""
        project, names = load(self), self.argument("stages")
        stages = self._affected(project, project.select(names))
        runners = [StageRunner(self, project, stage) for stage in stages]
        if not names:
            is_chosen = self.option("since") is not None
            here = for_this_machine(self.io, stages, "installed", or_all=not is_chosen)
            runners = [runner for runner in runners if runner.stage in here]
        project.require_fresh(*(runner.stage for runner in runners))
        for runner in runners:
            require_installable(runner)
        if len(runners) > 1 and runners[0].environments.is_shared:
            raise FtiError(_ONE_ENVIRONMENT)
        return max((self._install(runner) for runner in runners), default=DONE)

    def _affected(
        self, project: Project, stages: tuple[ProjectStage, ...]
    ) -> tuple[ProjectStage, ...]:
        """Return the stages that the changes since a revision affect; all without `--since`."""
        revision: str | None = self.option("since")
        if revision is None:
            return stages
        affected = affected_of(self, project, stages, revision)
        if not affected:
            self.line(f"The changes since {escape(revision)} affect no stage to install.")
        return affected

    def _install(self, runner: StageRunner) -> int:
        self.line(f"Installing <c1>{escape(runner.stage.name)}</c1>")
        return install(runner)


def require_installable(runner: StageRunner) -> None:
    """Raise FtiError for a stage whose lock is not fresh, or is not for this machine."""
    if runner.project.status(runner.stage).state != "fresh":
        raise FtiError(runner.project.problem(runner.stage))
    if problem := platform_problem(runner.stage.stage):
        raise FtiError(problem)


def install(
    runner: StageRunner,
    gone: Collection[NormalizedName] = (),
    options: Mapping[str, Any] | None = None,
) -> int:
    """Install a stage with a fresh lock, and uninstall the packages in `gone`.

    `options` replace those of the command line. The environment records what it is installed
    from, as complete only when it is. Returns the exit code of Poetry's command. Raises
    Poetry's PythonVersionError if there is no Python that the stage allows.
    """
    env = runner.environments.get_or_create()
    inner = _StageInstall(runner, options or {})
    inner.set_installer(_StageInstaller(runner, env, gone))
    return runner.hand_over(inner, env)


class _StageInstall(PoetryInstallCommand):
    """Poetry's `install`, which records in the environment what it is installed from.

    The option `--sync` is not deprecated: only for the project there is a command `sync`.
    """

    def __init__(self, runner: StageRunner, options: Mapping[str, Any]) -> None:
        super().__init__()
        self._runner = runner
        self._replaced = options
        self._groups: set[NormalizedName] | None = None

    def option(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as in Poetry
        return self._replaced[name] if name in self._replaced else super().option(name, default)

    def handle(self) -> int:
        # Stages have no environments of their own if Poetry's settings let them share one.
        is_shared = self._runner.environments.is_shared
        if is_shared or self.option("dry-run") or self.option("only-root"):
            return super().handle()
        lock, chosen = packages_digest(self._runner.stage.lock.text), self._chosen()
        write_installation(self.env.path, chosen)
        code = super().handle()
        if code == DONE:
            write_installation(self.env.path, replace(chosen, lock=lock))
        return code

    def _chosen(self) -> Installation:
        groups = self.activated_groups
        known = self.poetry.package.dependency_group_names(include_optional=True)
        return Installation(
            lock="",
            groups=tuple(sorted(groups)),
            omitted=tuple(sorted(known - groups)),
            root=not self.option("no-root"),
            directories=not self.option("no-directory"),
        )

    @property
    def activated_groups(self) -> set[NormalizedName]:
        # Poetry's own warns of options that it ignores, which is to be done once.
        if self._groups is None:
            self._groups = super().activated_groups
        return self._groups

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
