"""`poetry fti env use`: choose the Python of stages' environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cleo.helpers import argument
from poetry.console.commands.command import Command

from poetry_fti.bridge.environments import python_version
from poetry_fti.commands.poetry.env import require_own
from poetry_fti.commands.poetry.environment.freshness import warn_if_behind
from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import escape, guarded, load
from poetry_fti.commands.shared.options import STAGES
from poetry_fti.errors import DONE, FtiError

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument

_SYSTEM = "system"


class EnvUseCommand(Command):
    """Chooses the Python of the environments of stages."""

    name = "fti env use"
    description = "Chooses the Python of the virtual environments of pipeline stages."
    arguments: ClassVar[list[Argument]] = [
        argument("python", "The Python to use: a version, a command or a path."),
        STAGES,
    ]
    help = """\
Creates the environment of each stage with this Python, unless it exists, and uses it from now on,
as <info>poetry env use</info> does for the project.

<info>poetry fti env use 3.12 training</info>
<info>poetry fti env use system training</info>  # let the stage choose"""

    @guarded
    def handle(self) -> int:
        """Create or choose the environments, after checking that all stages allow the Python."""
        python, project = self.argument("python"), load(self)
        stages = project.select(self.argument("stages"))
        runners = [StageRunner(self, project, stage) for stage in stages]
        for runner in runners:
            require_own(runner.environments)
        if python == _SYSTEM:
            for runner in runners:
                runner.environments.deactivate()
            return DONE
        _require_allowed(runners, python_version(python))
        for runner in runners:
            env = runner.environments.use(python)
            self.line(f"Using virtualenv: <comment>{escape(env.path)}</comment>")
            warn_if_behind(runner, env)
        return DONE


def _require_allowed(runners: list[StageRunner], version: str) -> None:
    """Raise FtiError, which names the stages that do not allow a version of Python."""
    problems = [
        f"{runner.stage.name} requires Python {runner.stage.python}, which excludes {version}."
        for runner in runners
        if not runner.environments.allows(version)
    ]
    if problems:
        raise FtiError("\n".join(problems))
