"""`poetry fti`: list the commands, or suggest one for a name that no command has."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import argument
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import error, guarded
from poetry_fti.errors import DONE, FAILED
from poetry_fti.wording import in_quotes, joined, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cleo.io.inputs.argument import Argument

GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "Lock and export": (
        "lock",
        "update",
        "list",
        "diff",
        "why",
        "report",
        "export",
        "check",
        "verify",
        "affected",
    ),
    "Work in a stage": (
        "add",
        "remove",
        "show",
        "install",
        "run",
        "activate",
        "path",
        "kernel",
        "env info",
        "env list",
        "env use",
        "env remove",
    ),
    "Images": ("image", "build"),
    "Platforms": ("publish azureml", "publish hopsworks", "published azureml"),
    "Set up": (
        "init",
        "import",
        "presets",
        "clone",
        "rename",
        "remove-stage",
        "clean",
        "completions",
    ),
}


class OverviewCommand(Command):
    """Lists the commands below `poetry fti` in groups."""

    name = "fti"
    description = "Lists the commands for pipeline stages."
    arguments: ClassVar[list[Argument]] = [
        argument("subcommand", "The name of a command.", optional=True, multiple=True)
    ]

    def __init__(self, descriptions: Callable[[str], str]) -> None:
        """Create the command; `descriptions` returns the description of another one."""
        super().__init__()
        self.ignore_validation_errors()  # the options of a command whose name is misspelled
        self.help = "\n".join(_overview(descriptions))

    @guarded
    def handle(self) -> int:
        """Print the commands, or an error if there are further arguments."""
        words: list[str] = self.argument("subcommand")
        if words:
            error(self.io, _unknown(words))
            return FAILED
        self.line(f"Usage:\n  poetry fti COMMAND [options] [arguments]\n\n{self.help}")
        return DONE


def _overview(descriptions: Callable[[str], str]) -> Iterator[str]:
    """Yield the lines of the list of commands, as cleo markup."""
    width = max(len(name) for names in GROUPS.values() for name in names)
    for title, names in GROUPS.items():
        yield f"<b>{title}</b>"
        yield from (f"  <c1>{name:{width}}</c1>  {descriptions(name)}" for name in names)
        yield ""
    yield "Run <info>poetry fti COMMAND --help</info> for the options of a command."


def _unknown(words: Sequence[str]) -> str:
    known = [name for names in GROUPS.values() for name in names]
    nested = [name for name in known if name.startswith(f"{words[0]} ")]
    if nested and not words[1:]:
        commands = joined((f"`poetry fti {name}`" for name in nested), "or")
        return f"{in_quotes(words[0])} is not a complete command. Run {commands}."
    name = " ".join(words[:2]) if nested else words[0]
    hint = suggestion(name, known) or "."
    return f"There is no command {in_quotes(name)}{hint} Run `poetry fti` to list the commands."
