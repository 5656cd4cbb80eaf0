"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cleo.helpers import argument, option

from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.console.commands.command import Command

STAGE: Final[Argument] = argument("stage", "The stage to work on.")
STAGES: Final[Argument] = argument(
    "stages", "The stages to work on; all of them without any.", optional=True, multiple=True
)
REPORT_FORMAT: Final[Option] = option(
    "format", None, "How to report: text or json.", flag=False, default="text"
)


def wants_json(command: Command) -> bool:
    """Tell whether the report is to be JSON; raises ConfigError for an unknown format."""
    wanted = command.option("format", "text")
    if wanted not in ("text", "json"):
        raise ConfigError(f'Unknown report format "{wanted}" (known: text, json).')
    return bool(wanted == "json")
