"""Poetry's entry point: the names of the commands, and where their classes are."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from poetry.plugins.application_plugin import ApplicationPlugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from poetry.console.application import Application
    from poetry.console.commands.command import Command

# A command's module is imported only when Poetry asks for the command.
COMMANDS: Final = (
    "activate",
    "add",
    "clean",
    "clone",
    "env info",
    "env list",
    "env remove",
    "export",
    "init",
    "install",
    "list",
    "lock",
    "path",
    "presets",
    "remove",
    "run",
    "show",
    "update",
)


def _factory(name: str) -> Callable[[], Command]:
    def create() -> Command:
        # All that Poetry has imported stays; the garbage collector need not look at it again.
        gc.freeze()
        module = import_module(f"poetry_fti.commands.{name.partition(' ')[0]}")
        command: Command = getattr(module, f"{name.title().replace(' ', '')}Command")()
        return command

    return create


class FtiPlugin(ApplicationPlugin):
    """Adds `poetry fti …`."""

    def activate(self, application: Application) -> None:
        """Register the commands without importing them."""
        for name in COMMANDS:
            application.command_loader.register_factory(f"fti {name}", _factory(name))
        words = sys.argv[1:]
        if "fti" in words and "run" in words:
            verbatim = import_module("poetry_fti.commands.verbatim")
            verbatim.keep_verbatim(application, words)
