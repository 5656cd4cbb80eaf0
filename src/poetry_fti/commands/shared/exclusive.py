"""One command at a time: those that write into a project wait for each other."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from poetry.config.config import Config

from poetry_fti import files
from poetry_fti.bridge.project.pyproject import converted_poetry_errors, find_pyproject
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from poetry.console.commands.command import Command

_C = TypeVar("_C", bound="Command")


def exclusive(
    *, unless: tuple[str, ...] = ()
) -> Callable[[Callable[[_C], int]], Callable[[_C], int]]:
    """Let a command's `handle` wait for others that write; not with an option that writes nothing.

    Nothing of the project has been read before, so the command sees what the others wrote.
    """

    def decorate(handle: Callable[[_C], int]) -> Callable[[_C], int]:
        @wraps(handle)
        def guard(command: _C) -> int:
            if any(command.option(name) for name in unless):
                return handle(command)
            with exclusive_access(command):
                return handle(command)

        return guard

    return decorate


def exclusive_access(command: Command) -> AbstractContextManager[None]:
    """Return a context in which no other command writes into the project."""
    return files.exclusive(_lock_file(command), lambda: _tell(command))


def _lock_file(command: Command) -> Path:
    """Return a file that stands for the project, outside of it."""
    folder = command.get_application().project_directory
    with suppress(FtiError):  # `init` makes a project there; others say that there is none
        folder = find_pyproject(folder).parent
    with converted_poetry_errors():
        cache = Path(Config.create().get("cache-dir")).expanduser()
    digest = sha256(os.fsencode(os.path.normcase(folder.resolve()))).hexdigest()
    return cache / "poetry-fti" / f"{digest}.lock"


def _tell(command: Command) -> None:
    command.line_error("Waiting for another poetry fti command in this project to finish.")
