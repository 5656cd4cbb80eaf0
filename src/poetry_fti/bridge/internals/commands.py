"""Private names of Poetry's application and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.version import Version

from poetry_fti.bridge.internals.private_name import PrivateName, exists
from poetry_fti.bridge.internals.versions import poetry_version, unsupported

if TYPE_CHECKING:
    from pathlib import Path

    from cleo.io.io import IO
    from poetry.console.application import Application
    from poetry.console.commands.env.info import EnvInfoCommand
    from poetry.utils.env import Env

_APPLICATION: Final = "poetry.console.application"
# Since then `env activate` activates the environment that it is given.
_OWN_ENVIRONMENT: Final = Version("2.4")

IO_NAME: Final = PrivateName(
    module=_APPLICATION,
    owner="Application",
    name="_io",
    kind="attribute",
    use="commands",
    relied_on="The input and output of the command line, set before plugins are loaded.",
)
CONFIGURE_IO: Final = PrivateName(
    module="cleo.application",
    owner="Application",
    name="_configure_io",
    kind="method",
    use="commands",
    parameters=("io",),
    relied_on="Sets verbosity, decoration and interactivity from the options of the input.",
)
CONFIGURE_OPTIONS: Final = PrivateName(
    module=_APPLICATION,
    owner="Application",
    name="_configure_global_options",
    kind="method",
    use="commands",
    parameters=("io",),
    relied_on="Sets the project's folder and the working directory from -C and -P.",
)
WORKING_DIRECTORY: Final = PrivateName(
    module=_APPLICATION,
    owner="Application",
    name="_working_directory",
    kind="attribute",
    use="commands",
    relied_on="The folder that commands run in, set by _configure_global_options().",
)
ACTIVATE: Final = PrivateName(
    module="poetry.console.commands.env.activate",
    owner="EnvActivateCommand",
    name="_get_activate_command",
    kind="method",
    use="commands",
    parameters=("env", "shell"),
    relied_on="Returns the command line that activates an environment. Before Poetry 2.4 it is"
    " passed the project's own environment. ActivateCommand overrides it.",
)
COMPLETE_INFO: Final = PrivateName(
    module="poetry.console.commands.env.info",
    owner="EnvInfoCommand",
    name="_display_complete_info",
    kind="method",
    use="commands",
    parameters=("env",),
    relied_on="Writes all that `poetry env info` shows of an environment.",
)
SYNCHRONIZATION: Final = PrivateName(
    module="poetry.console.commands.install",
    owner="InstallCommand",
    name="_with_synchronization",
    kind="property",
    use="commands",
    relied_on="Whether --sync is given; Poetry's own warns that the option is deprecated."
    " InstallCommand overrides it.",
)
BEST_VERSION: Final = PrivateName(
    module="poetry.console.commands.init",
    owner="InitCommand",
    name="_find_best_version_for_package",
    kind="method",
    use="commands",
    parameters=("name", "required_version", "allow_prereleases", "source"),
    relied_on="Returns the name of a package and the constraint to write for one that is added"
    " without a version. _StageAdd overrides it.",
)
_READ_AGAIN: Final = (IO_NAME, CONFIGURE_IO, CONFIGURE_OPTIONS, WORKING_DIRECTORY)
NAMES: Final = (*_READ_AGAIN, ACTIVATE, COMPLETE_INFO, SYNCHRONIZATION, BEST_VERSION)


def missing_to_read_again() -> PrivateName | None:
    """Return the name without which the command line cannot be read again, None if all exist."""
    return next((name for name in _READ_AGAIN if not exists(name)), None)


def application_io(application: Application) -> IO | None:
    """Return the input and output of the command line."""
    return application._io


def configure_io(application: Application, io: IO) -> None:
    """Set verbosity, decoration and interactivity from the options of the input.

    This is cleo's: Poetry's own looks for options among all words again.
    """
    from cleo.application import Application as CleoApplication  # noqa: PLC0415 - as any name here

    CleoApplication._configure_io(application, io)


def configure_folders(application: Application, io: IO) -> Path:
    """Set the project's folder from the options of the input; return the working directory."""
    application._configure_global_options(io)
    return application._working_directory


def require_activation() -> None:
    """Raise FtiError where Poetry would activate the project's environment, not the stage's."""
    if not exists(ACTIVATE) and Version(poetry_version()) < _OWN_ENVIRONMENT:
        raise unsupported("activate the environment of a stage", ACTIVATE)


def display_environment(command: EnvInfoCommand, env: Env) -> None:
    """Write all that `poetry env info` shows of an environment.

    Raises FtiError where Poetry has no such method.
    """
    if not exists(COMPLETE_INFO):
        raise unsupported("show an environment", COMPLETE_INFO)
    command._display_complete_info(env)
