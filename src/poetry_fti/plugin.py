"""The plugin's entry points: lazily loaded commands, and stage groups hidden from Poetry."""

from __future__ import annotations

import atexit
import gc
import sys
from importlib import import_module
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Final

from cleo.events.console_command_event import ConsoleCommandEvent
from cleo.events.console_error_event import ConsoleErrorEvent
from cleo.events.console_events import COMMAND, ERROR, TERMINATE
from cleo.events.console_terminate_event import ConsoleTerminateEvent
from poetry.console.commands.command import Command
from poetry.plugins.application_plugin import ApplicationPlugin
from poetry.plugins.plugin import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cleo.events.event import Event
    from cleo.events.event_dispatcher import EventDispatcher
    from cleo.io.io import IO
    from poetry.console.application import Application
    from poetry.poetry import Poetry

# The name of each command below `poetry fti`, and its class in the form of an entry point,
# relative to `poetry_fti.commands`. The module is imported only when Poetry looks the command up.
COMMANDS: Final[Mapping[str, str]] = {
    "activate": "poetry.activate:ActivateCommand",
    "add": "poetry.edit.add:AddCommand",
    "affected": "affected:AffectedCommand",
    "build": "build:BuildCommand",
    "check": "check:CheckCommand",
    "clean": "clean:CleanCommand",
    "clone": "clone:CloneCommand",
    "completions": "completions:CompletionsCommand",
    "diff": "diff:DiffCommand",
    "env info": "poetry.env:EnvInfoCommand",
    "env list": "poetry.env:EnvListCommand",
    "env remove": "poetry.env:EnvRemoveCommand",
    "env use": "poetry.environment.use:EnvUseCommand",
    "export": "export:ExportCommand",
    "image": "image:ImageCommand",
    "import": "import_stage:ImportCommand",
    "init": "poetry.init:InitCommand",
    "install": "poetry.install:InstallCommand",
    "kernel": "poetry.kernel:KernelCommand",
    "list": "list:ListCommand",
    "lock": "lock:LockCommand",
    "path": "poetry.path:PathCommand",
    "presets": "presets:PresetsCommand",
    "publish azureml": "publish.azureml:PublishAzuremlCommand",
    "publish hopsworks": "publish.hopsworks:PublishHopsworksCommand",
    "published azureml": "publish.published:PublishedAzuremlCommand",
    "remove": "poetry.edit.remove:RemoveCommand",
    "remove-stage": "poetry.edit.remove_stage:RemoveStageCommand",
    "rename": "poetry.edit.rename:RenameCommand",
    "report": "report:ReportCommand",
    "run": "poetry.run:RunCommand",
    "show": "poetry.show:ShowCommand",
    "update": "update:UpdateCommand",
    "verify": "poetry.verify:VerifyCommand",
    "why": "why:WhyCommand",
}

_GARBAGE_THRESHOLD: Final = 50_000  # objects
_VERSION: Final = frozenset({"--version", "-V"})
_ISOLATION: Final = "poetry_fti.bridge.project.isolation"
_ISOLATION_ERRORS: Final = "poetry_fti.commands.poetry.isolation_errors"
_STALE_STAGES: Final = "poetry_fti.commands.poetry.stale_stages"
# Poetry's global options that are followed by a value.
_WITH_VALUE: Final = ("-C", "-P", "--directory", "--project")
# Poetry's own commands that accept names of groups, run the solver, and edit pyproject.toml.
_NAMING_GROUPS: Final = ("add", "export", "install", "remove", "show", "sync", "update")
_SOLVING: Final = ("add", "install", "lock", "remove", "sync", "update")
_EDITING: Final = ("add", "remove")
_SOLVER_ERRORS: Final = ("IncompatibleConstraintsError", "SolverProblemError")


def command_class(name: str) -> type[Command]:
    """Import the module of a command in `COMMANDS` and return its class."""
    found: type[Command] = resolve_name(f"poetry_fti.commands.{COMMANDS[name]}")
    return found


def _factory(name: str) -> Callable[[], Command]:
    def create() -> Command:
        # What Poetry has imported stays in memory; the garbage collector need not traverse it, nor
        # look for garbage all the time in what a command makes until it ends.
        gc.freeze()
        gc.set_threshold(_GARBAGE_THRESHOLD)
        # At the end, Python would look for garbage in everything before the memory is given back.
        atexit.register(gc.freeze)
        return command_class(name)()

    return create


def _overview() -> Command:
    module = import_module("poetry_fti.commands.overview")
    command: Command = module.OverviewCommand(lambda name: command_class(name).description)
    return command


def _arguments(words: Iterable[str]) -> Iterator[str]:
    """Yield the command-line words that are neither Poetry's options nor the values of these."""
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            yield word


class FtiPlugin(ApplicationPlugin):
    """Adds the commands `poetry fti …` to Poetry."""

    def activate(self, application: Application) -> None:
        """Register the commands without importing them."""
        for name in COMMANDS:
            application.command_loader.register_factory(f"fti {name}", _factory(name))
        application.command_loader.register_factory("fti", _overview)
        words = sys.argv[1:]
        if list(_arguments(words)) == ["fti"] and not _VERSION.isdisjoint(words):
            application.set_display_name("poetry-fti")
            application.set_version(import_module("importlib.metadata").version("poetry-fti"))
        if next(_arguments(words), None) == "fti":
            import_module("poetry_fti.interruption").install()
        if "fti" in words and "run" in words:
            passthrough = import_module("poetry_fti.commands.poetry.passthrough")
            passthrough.separate_command(application, words)
        if application.event_dispatcher is not None:
            application.event_dispatcher.add_listener(COMMAND, _before_command)
            application.event_dispatcher.add_listener(ERROR, _after_error)
            application.event_dispatcher.add_listener(TERMINATE, _after_command)


class IsolationPlugin(Plugin):
    """Hides stage groups from Poetry's own commands in projects that set `isolated`."""

    def activate(self, poetry: Poetry, io: IO) -> None:  # noqa: ARG002 - Poetry's interface
        """Hide stage groups; a pyproject.toml without the word `isolated` is not parsed."""
        if b"isolated" in poetry.pyproject_path.read_bytes():
            import_module(_ISOLATION).isolate(poetry)


def _before_command(event: Event, _name: str, _dispatcher: EventDispatcher) -> None:
    if not isinstance(event, ConsoleCommandEvent) or event.command.name not in _NAMING_GROUPS:
        return
    if isinstance(event.command, Command):
        poetry = event.command.poetry  # the command is about to load it anyway
        if _ISOLATION in sys.modules:
            import_module(_ISOLATION_ERRORS).refuse_hidden(
                event.command.name, event.io.input, poetry
            )


def _after_error(event: Event, _name: str, _dispatcher: EventDispatcher) -> None:
    if not isinstance(event, ConsoleErrorEvent) or event.command.name not in _SOLVING:
        return
    if type(event.error).__name__ in _SOLVER_ERRORS:
        import_module(_ISOLATION_ERRORS).hint(event.command, event.error)


def _after_command(event: Event, _name: str, _dispatcher: EventDispatcher) -> None:
    if not isinstance(event, ConsoleTerminateEvent) or event.command.name not in _EDITING:
        return
    if isinstance(event.command, Command) and event.exit_code == 0:
        import_module(_STALE_STAGES).report_stale(event.command.poetry, event.io)
