"""`poetry fti env …`: list, show and remove the virtual environments of stages."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from cleo.helpers import argument
from poetry.console.commands.command import Command
from poetry.console.commands.env.info import EnvInfoCommand as PoetryEnvInfoCommand
from poetry.console.commands.env.list import EnvListCommand as PoetryEnvListCommand

from poetry_fti.bridge.environments import StageEnvironments
from poetry_fti.bridge.internals.commands import display_environment
from poetry_fti.commands.poetry.stage_runner import StageRunner, find_runner
from poetry_fti.commands.shared.console import aligned, escape, guarded, load, plain
from poetry_fti.commands.shared.options import REPORT_FORMAT, STAGE, STAGES, wants_json
from poetry_fti.errors import DONE, FtiError
from poetry_fti.operations.environments.installation import (
    installation_state,
    read_installation,
)

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.utils.env import Env

    from poetry_fti.operations.project import Project


class EnvListCommand(Command):
    """Lists the virtual environments of stages with their states."""

    name = "fti env list"
    description = "Lists the virtual environments of the pipeline stages."
    arguments: ClassVar[list[Argument]] = [STAGES]
    options: ClassVar[list[Option]] = [*PoetryEnvListCommand.options, REPORT_FORMAT]

    @guarded
    def handle(self) -> int:
        """Print a line for each stage, whether it has an environment or not."""
        json_wanted = wants_json(self)
        project = load(self)
        runners = [StageRunner(self, project, s) for s in project.select(self.argument("stages"))]
        rows = [_data(runner) for runner in runners]
        if json_wanted:
            plain(self.io, json.dumps({"environments": rows}, indent=2) + "\n")
            return DONE
        shown = "path" if self.option("full-path") else "name"
        table = [(r["stage"], r["python"] or "-", r["state"], r[shown] or "-") for r in rows]
        first, *lines = aligned([("Stage", "Python", "State", "Environment"), *table])
        self.line(f"<b>{first}</b>")
        for line in lines:
            self.line(escape(line))
        outdated = [escape(r["stage"]) for r in rows if r["state"] in ("behind", "incomplete")]
        if outdated:
            self.line(f"\nUpdate with <info>poetry fti install {' '.join(outdated)}</info>.")
        return DONE


def _data(runner: StageRunner) -> dict[str, Any]:
    env = runner.environments.inspected()
    sound = env is not None and env.is_sane()
    return {
        "stage": runner.stage.name,
        "state": _state(runner, env),
        "python": ".".join(map(str, env.version_info[:3])) if env and sound else None,
        "name": env.path.name if env else None,
        "path": str(env.path) if env else None,
    }


def _state(runner: StageRunner, env: Env | None) -> str:
    if env is None:
        return "missing"
    if runner.environments.is_usable(env):
        return installation_state(runner.stage, env.path)
    return "other Python" if env.is_sane() else "broken"


class EnvInfoCommand(Command):
    """Prints information about the environment of a stage."""

    name = "fti env info"
    description = "Displays information about the environment of a pipeline stage."
    arguments: ClassVar[list[Argument]] = [STAGE]
    options: ClassVar[list[Option]] = PoetryEnvInfoCommand.options

    @guarded
    def handle(self) -> int:
        """Write what `poetry env info` writes."""
        runner = find_runner(self, self.argument("stage"))
        env = runner.env
        if self.option("path") or self.option("executable"):
            plain(self.io, f"{env.path if self.option('path') else env.python}\n")
            return DONE
        return runner.hand_over(_EnvInfo(env), env)


class _EnvInfo(PoetryEnvInfoCommand):
    """Poetry's command for a given environment: its own looks for the project's."""

    def __init__(self, env: Env) -> None:
        super().__init__()
        self._stage_env = env

    def handle(self) -> int:
        display_environment(self, self._stage_env)
        return DONE


class EnvRemoveCommand(Command):
    """Removes all virtual environments of stages."""

    name = "fti env remove"
    description = "Removes the virtual environments of pipeline stages."
    arguments: ClassVar[list[Argument]] = [
        argument(
            "stages",
            "The stages whose environments are removed, also former stages.",
            multiple=True,
        )
    ]

    @guarded
    def handle(self) -> int:
        """Remove all environments that Poetry manages for the stages, for any Python."""
        project, names = load(self), self.argument("stages")
        for name, environments in [(name, _managed(self, project, name)) for name in names]:
            require_own(environments)
            removed = environments.remove_all()
            for path in removed:
                self.line(f"Deleted virtualenv: <comment>{escape(path)}</comment>")
            if not removed:
                self.line(f"{escape(name)} has no environment.")
        return DONE


def _managed(command: Command, project: Project, name: str) -> StageEnvironments:
    """Return the environments of a stage, also of one that pyproject.toml no longer has.

    Raises ConfigError for a name that is neither.
    """
    if name not in {stage.name for stage in project.stages} and PurePath(name).name == name:
        root = project.root
        folder = root / project.config.directory / name
        former = StageEnvironments(project.poetry.poetry, name, folder, "*", command.io)
        # In the project's folder there may be environments of other tools.
        found = [
            e.path for e in former.list() if e.path.parent != root or read_installation(e.path)
        ]
        if found:
            return former
    (stage,) = project.select([name])
    return StageRunner(command, project, stage).environments


def require_own(environments: StageEnvironments) -> None:
    """Raise FtiError if Poetry's settings let the stages share an environment."""
    if environments.is_shared:
        message = "virtualenvs.create is false: no stage has an environment of its own."
        raise FtiError(f"Poetry's setting {message}")
