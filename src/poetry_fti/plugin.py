"""Poetry's entry point: the names of the commands, and where their classes are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from poetry.plugins.application_plugin import ApplicationPlugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from poetry.console.application import Application
    from poetry.console.commands.command import Command

# A command's module is imported only when Poetry asks for the command.
COMMANDS: Final = ("clean", "export", "list", "lock", "update")


def _factory(name: str) -> Callable[[], Command]:
    def create() -> Command:
        module = import_module(f"poetry_fti.commands.{name}")
        command: Command = getattr(module, f"{name.title()}Command")()
        return command

    return create


class FtiPlugin(ApplicationPlugin):
    """Adds `poetry fti …`."""

    def activate(self, application: Application) -> None:
        """Register the commands without importing them."""
        for name in COMMANDS:
            application.command_loader.register_factory(f"fti {name}", _factory(name))
