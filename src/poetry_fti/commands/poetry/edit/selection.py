"""The stages that `add` and `remove` edit: as the first argument, with `--stage` or `--all`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cleo.helpers import argument, option

from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import load
from poetry_fti.operations.edit.stage_words import stages_and_packages

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.console.commands.command import Command

STAGES_FIRST: Final[Argument] = argument(
    "stage",
    "The stages to edit, separated by commas. It is omitted with --stage or --all.",
    optional=True,
)
GROUP: Final = option(
    "group",
    "G",
    "The group of the stages to edit (default: the group of each stage's name).",
    flag=False,
)
SELECTING: Final[tuple[Option, ...]] = (
    option("stage", None, "A stage to edit (may be repeated).", flag=False, multiple=True),
    option("all", None, "Edit all stages."),
)


def packages_argument(poetrys: Argument) -> Argument:
    """Return an argument of one of Poetry's commands as one that need not be given."""
    return argument(poetrys.name, poetrys.description, optional=True, multiple=True)


def selected(command: Command, packages: str) -> list[StageRunner]:
    """Return runners for the selected stages, and set the argument of that name to the packages.

    Raises ConfigError for a stage that does not exist, and if no stage or no package is given.
    """
    project = load(command)
    first = command.argument("stage")
    stages, named = stages_and_packages(
        str(command.name).removeprefix("fti "),
        [*([first] if first else []), *command.argument(packages)],
        [stage.name for stage in project.stages],
        chosen=command.option("stage"),
        every=command.option("all"),
    )
    chosen = project.select(stages)
    command.io.input.set_argument(packages, named)
    return [StageRunner(command, project, stage) for stage in chosen]
