"""The virtual environments of a stage, managed by Poetry's own environment manager."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cleo.io.null_io import NullIO
from packaging.markers import default_environment
from packaging.specifiers import SpecifierSet
from poetry.core.constraints.version import Version
from poetry.core.packages.project_package import ProjectPackage
from poetry.poetry import Poetry
from poetry.utils.env import EnvManager, MockEnv

from poetry_fti.bridge.unstarted_environment import UnstartedEnvironment
from poetry_fti.errors import FtiError
from poetry_fti.targets import marker_environment, python_minors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.io import IO
    from poetry.utils.env import Env, VirtualEnv
    from poetry.utils.env.python import Python

    from poetry_fti.model.platforms import Platform
    from poetry_fti.model.stage import Stage

_ACTIVE: Final = ("VIRTUAL_ENV", "CONDA_PREFIX")
# Beside `.venv-<stage>`, virtualenv would write a file `.venv` that names it, for other tools to
# use it as the project's (PEP 832). Versions without the option ignore the variable.
_NO_REDIRECT: Final = "VIRTUALENV_NO_VENV_REDIRECT"
# Newer than any patch release that a stage may require.
_ANY_PATCH: Final = 99


class StageEnvironments(EnvManager):
    """Poetry's manager of virtual environments, for one stage.

    The environments are named after the project and the stage; in the project's folder, the name is
    `.venv-<stage>`. An active environment is never used: it need not belong to the stage.
    Relies on the manager's `in_project_venv`, and on the name that it takes from the package.
    """

    def __init__(self, project: Poetry, stage: str, folder: Path, python: str, io: IO) -> None:
        """Manage the environments of the stage with this folder and constraint on Python."""
        package = ProjectPackage(f"{project.package.name}-{stage}", "0")
        package.python_versions = python or "*"
        derived = Poetry(
            folder / "pyproject.toml",
            project.local_config,
            package,
            project.locker,
            project.config,
        )
        super().__init__(derived, io)
        self._project = project
        self._package = package
        self._in_project = project.pyproject_path.parent / f".venv-{stage}"

    @property
    def in_project_venv(self) -> Path:
        """The path of the environment with Poetry's setting `virtualenvs.in-project`."""
        return self._in_project

    @property
    def is_shared(self) -> bool:
        """Whether all stages use Poetry's own environment (`virtualenvs.create = false`)."""
        return self._project.config.get("virtualenvs.create") is False

    def existing(self) -> VirtualEnv | None:
        """Return the stage's environment, which may be unusable; None if there is none.

        If there are several, for several versions of Python, a usable one is returned, preferably
        the one that Poetry would use.
        """
        found = [] if self.is_shared else self.list()
        if not found:
            return None
        with _without_variables(*_ACTIVE):
            preferred = self.get(reload=True)
        found.sort(key=lambda env: env.path == preferred.path, reverse=True)
        return next(filter(self.is_usable, found), found[0])

    def inspected(self) -> VirtualEnv | None:
        """Return the stage's environment to be shown; None if there is none.

        One in the project's folder, which a stranger may have committed, is not started.
        """
        if self.is_shared or not self.in_project_venv_exists():
            return self.existing()
        return UnstartedEnvironment(self.in_project_venv)

    def unstarted(self) -> list[UnstartedEnvironment]:
        """Return all environments of the stage, of which only files are read."""
        if self.is_shared:
            return []
        # Poetry's `list` starts their Pythons in some versions of Poetry.
        paths = sorted(self._project.config.virtualenvs_path.glob(f"{self.base_env_name}-py*"))
        own = [self.in_project_venv] if self.in_project_venv_exists() else []
        return [UnstartedEnvironment(path) for path in (*own, *paths)]

    def allows(self, python: str) -> bool:
        """Return whether the stage allows a version of Python."""
        return self._package.python_constraint.allows(Version.parse(python))

    def is_usable(self, env: Env) -> bool:
        """Return whether an environment is intact and its Python is allowed by the stage."""
        return env.is_sane() and self.allows(_python(env))

    def create_venv(
        self,
        name: str | None = None,
        python: Python | None = None,
        force: bool = False,  # noqa: FBT001, FBT002 - as in Poetry
    ) -> Env:
        """Create an environment as Poetry does, which other tools do not take for the project's."""
        with _without_variables(_NO_REDIRECT, *_ACTIVE):
            os.environ[_NO_REDIRECT] = "true"
            return super().create_venv(name, python, force)

    def get_or_create(self) -> Env:
        """Return a usable environment; a missing or unusable one is created.

        Raises Poetry's PythonVersionError if no installed Python is allowed by the stage.
        """
        env = self.existing()
        if env is not None and self.is_usable(env):
            return env
        return self.create_venv(force=env is not None)

    def use(self, python: str) -> Env:
        """Create the environment for a Python, unless it exists, and prefer it from now on.

        `python` is a version, a command or a path. Raises Poetry's errors if there is no such
        Python, or if the stage does not allow it.
        """
        for env in self.list():
            if not env.is_sane():
                self.remove_venv(env.path)
        with _without_variables(*_ACTIVE):
            return self.activate(python)

    def remove_all(self) -> list[Path]:
        """Remove all environments of the stage, and return their paths."""
        removed = [env.path for env in self.list()]
        for path in removed:
            self.remove_venv(path)
        if self.envs_file.exists():
            self.envs_file.remove_section(self.base_env_name)
        return removed

    def has_removed(self, program: Path) -> bool:
        """Return whether a program was in an environment of the stage that has been removed."""
        if not program.is_absolute() or program.exists():
            return False
        environment = Path(os.path.realpath(program.parent.parent))
        managed = Path(os.path.realpath(self._project.config.virtualenvs_path))
        is_managed = environment.parent == managed
        is_named = environment.name.startswith(f"{self.base_env_name}-py")
        in_project = environment == Path(os.path.realpath(self._in_project))
        return in_project or (is_managed and is_named)


def unstarted_environments(
    project: Poetry, stage: str, folder: Path, python: str
) -> list[tuple[UnstartedEnvironment, bool]]:
    """Return the environments of a stage, each with whether it is usable; no Python is started.

    See `StageEnvironments` for the arguments.
    """
    manager = StageEnvironments(project, stage, folder, python, NullIO())
    return [(each, manager.is_usable(each)) for each in manager.unstarted()]


def python_version(python: str) -> str:
    """Return the version of an installed Python: of a version, a command or a path.

    Raises FtiError if there is none.
    """
    # Imported here, since most commands look for no Python.
    from poetry.utils.env.python import Python  # noqa: PLC0415

    found = Python.get_by_name(python)
    if found is None:
        raise FtiError(f'There is no Python "{python}" on this machine.')
    return found.patch_version.to_string()


def mock_environment(python: str) -> Env:
    """Return an environment without packages, on this machine, for a Python (specifiers)."""
    minors = python_minors(SpecifierSet(python))
    current = sys.version_info[:2]
    major, minor = current if current in minors or not minors else minors[0]
    return MockEnv(
        (major, minor, _ANY_PATCH),
        platform=sys.platform,
        platform_machine=default_environment()["platform_machine"],
        os_name=os.name,
        sys_path=[],
    )


def _python(env: Env) -> str:
    return ".".join(map(str, env.version_info[:3]))


@contextmanager
def _without_variables(*names: str) -> Iterator[None]:
    hidden = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(hidden)


def platform_problem(stage: Stage) -> str:
    """Return a message if the stage's lock does not support this machine's platform, else empty."""
    environment = default_environment()
    here = (environment["sys_platform"], environment["platform_machine"])
    platforms = stage.targets.platforms
    if not platforms or here in {_system(platform) for platform in platforms}:
        return ""
    names = ", ".join(map(str, platforms))
    return (
        f"{stage.name} is locked for {names}, but this machine is {'/'.join(here)}. Add its"
        f" platform to tool.fti.stages.{stage.name}.platforms, then run"
        f" `poetry fti lock {stage.name}`."
    )


def _system(platform: Platform) -> tuple[str, str]:
    environment = marker_environment(platform)
    return environment["sys_platform"], environment["platform_machine"]
