"""What an orchestrator runs for a stage: its image, or its command in an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.docker.context.dockerignore import own_packages
from poetry_fti.exporters.platforms.pipelines.python_text import value_text
from poetry_fti.exporters.shared.images import has_image, image_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

# Python source with the function that returns the variables of a stage's process. `parents` is the
# index of the project's folder in the parents of the generated file.
ENVIRONMENTS: Final = '''\
# The folder of the project, and the folder with an environment for each stage.
PROJECT = Path(__file__).resolve().parents[{parents}]
ENVIRONMENTS = PROJECT / os.environ.get('FTI_ENVIRONMENTS', '/opt/fti')


def variables_of(name, variables, roots):
    """Return the environment variables of a process that runs in the environment of a stage."""
    environment = ENVIRONMENTS / name
    return {{
        'PATH': os.pathsep.join([str(environment / 'bin'), os.environ['PATH']]),
        'PYTHONPATH': os.pathsep.join(str(PROJECT / root) for root in roots),
        'VIRTUAL_ENV': str(environment),
        **variables,
    }}
'''


@dataclass(frozen=True, slots=True)
class EnvironmentRun:
    """The command of a stage, its environment variables, and the folders of the project's code.

    The folders are relative to the project's root, which is the working directory.
    """

    command: list[str]
    variables: dict[str, str]
    roots: list[str]

    def arguments(self, level: int) -> Mapping[str, str]:
        """Return Python source for each field, by its name; `level` is that of its line."""
        return {
            "command": value_text(self.command, level),
            "variables": value_text(self.variables, level),
            "roots": value_text(self.roots, level),
        }


def environment_run(locked: LockedStage, platform: str) -> EnvironmentRun:
    """Return how a stage runs in an environment of its own.

    Raises FtiError for a stage without a command; the message names the platform.
    """
    stage = locked.stage
    command = [*stage.image.entrypoint, *stage.image.command]
    if not command:
        raise FtiError(
            f'The stage "{stage.name}" has no command that {platform} could run in its environment.'
            f' Set {stage.image_key("command")}, such as ["python", "-m", "train"].'
        )
    roots = [str(root) for root in locked.code.roots] if own_packages(locked) else ["."]
    return EnvironmentRun(command, stage.variables, roots)


def required_image(locked: LockedStage, platform: str) -> str:
    """Return the name of a stage's image, without a tag.

    Raises FtiError for a stage without an image; the message names the platform.
    """
    stage = locked.stage
    if not has_image(stage):
        raise FtiError(
            f'The stage "{stage.name}" has no image that {platform} could run, because Linux is not'
            ' among its platforms. Leave the stage out of "order" in [tool.fti.pipeline], or set'
            ' "runner" to "external-python".'
        )
    return image_name(locked)
