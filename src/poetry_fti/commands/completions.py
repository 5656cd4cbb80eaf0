"""`poetry fti completions`: print a script that completes `poetry fti` in a shell."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import argument
from poetry.console.commands.command import Command

from poetry_fti.commands.completion import fish, posix
from poetry_fti.commands.completion.candidates import SHELLS, places
from poetry_fti.commands.overview import GROUPS
from poetry_fti.commands.shared.console import guarded, plain
from poetry_fti.errors import DONE, ConfigError
from poetry_fti.wording import in_quotes, joined, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cleo.io.inputs.argument import Argument

    from poetry_fti.commands.completion.candidates import Places

_SCRIPTS: Final[Mapping[str, Callable[[Places], str]]] = {
    "bash": posix.bash,
    "zsh": posix.zsh,
    "fish": fish.fish,
}


class CompletionsCommand(Command):
    """Prints a script that completes commands, options, their values and names of stages."""

    name = "fti completions"
    description = "Prints a script that completes these commands in bash, zsh or fish."
    arguments: ClassVar[list[Argument]] = [
        argument("shell", f"{joined(SHELLS, 'or')} (default: that of $SHELL).", optional=True)
    ]
    help = """\
Load the script after Poetry's own completion script, which it adds to:

<info>poetry fti completions bash >> ~/.bash_completion</info>
<info>poetry fti completions zsh > ~/.zfunc/poetry-fti.zsh</info>  (source it after compinit)
<info>poetry fti completions fish >> ~/.config/fish/completions/poetry.fish</info>"""

    @guarded
    def handle(self) -> int:
        """Print the script."""
        application = self.get_application()
        names = [name for group in GROUPS.values() for name in group]
        commands = {name: application.find(f"fti {name}") for name in names}
        script = _SCRIPTS[_known_shell(self.argument("shell"))]
        plain(self.io, script(places(commands, application.definition.options)))
        return DONE


def _known_shell(name: str | None) -> str:
    """Return the shell to write for, by default the user's; raises ConfigError for another one."""
    known = joined(SHELLS, "or")
    shell = name or Path(os.environ.get("SHELL", "")).name
    if not shell:
        raise ConfigError(f"The variable SHELL is not set. Name the shell: {known}.")
    if shell not in _SCRIPTS:
        hint = suggestion(shell, SHELLS) or "."
        raise ConfigError(f"There is no completion for {in_quotes(shell)}{hint} Name {known}.")
    return shell
