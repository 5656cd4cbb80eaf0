"""A decorator for commands that write into a project: only one of them runs at a time."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from poetry_fti.commands.shared.console import feedback_of, project_folder
from poetry_fti.operations.exclusive import exclusive_access

if TYPE_CHECKING:
    from collections.abc import Callable

    from poetry.console.commands.command import Command

_C = TypeVar("_C", bound="Command")


def exclusive(
    *, unless: tuple[str, ...] = ()
) -> Callable[[Callable[[_C], int]], Callable[[_C], int]]:
    """Return a decorator that makes a command's `handle` wait for other commands that write.

    With one of the options `unless`, the command writes no file and does not wait. `handle` must
    read the project itself, so that it reads what the other commands wrote.
    """

    def decorate(handle: Callable[[_C], int]) -> Callable[[_C], int]:
        @wraps(handle)
        def guard(command: _C) -> int:
            if any(command.option(name) for name in unless):
                return handle(command)
            folder = project_folder(command)
            with exclusive_access(folder, feedback_of(command)):
                return handle(command)

        return guard

    return decorate
