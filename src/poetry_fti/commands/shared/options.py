"""Arguments and options that several commands accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cleo.helpers import argument, option

from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from cleo.io.inputs.argument import Argument
    from cleo.io.inputs.option import Option
    from poetry.console.commands.command import Command

# The formats of findings besides text and JSON; each has a module in `findings`.
TOOL_FORMATS: Final = ("sarif", "github", "junit")
STAGE: Final[Argument] = argument("stage", "The name of the stage.")
STAGES: Final[Argument] = argument(
    "stages", "The names of the stages (default: all).", optional=True, multiple=True
)
SINCE: Final[Option] = option(
    "since", None, "Only the stages that changes since a git revision affect.", flag=False
)
REPORT_FORMAT: Final[Option] = option(
    "format", None, "The format of the report: text or json.", flag=False, default="text"
)
DRY_RUN: Final[Option] = option("dry-run", None, "Print the requests, and send none of them.")
FINDINGS_FORMAT: Final[Option] = option(
    "format",
    None,
    "The format of the report: text, json, sarif, github or junit.",
    flag=False,
    default="text",
)


def findings_format(command: Command) -> str:
    """Return the format that `FINDINGS_FORMAT` selects; raises ConfigError for an unknown one."""
    wanted: str = command.option("format")
    known = ("text", "json", *TOOL_FORMATS)
    if wanted not in known:
        raise ConfigError(f'Unknown report format "{wanted}" (known: {", ".join(known)}).')
    return wanted


def wants_json(command: Command) -> bool:
    """Return whether `--format json` is set; raises ConfigError for an unknown format."""
    wanted = command.option("format", "text")
    if wanted not in ("text", "json"):
        raise ConfigError(f'Unknown report format "{wanted}" (known: text, json).')
    return bool(wanted == "json")
