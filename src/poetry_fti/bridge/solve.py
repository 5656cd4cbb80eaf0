"""Locking a stage: Poetry's own installer, run in lock mode on the derived project."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cleo.formatters.formatter import Formatter
from poetry.installation.installer import Installer
from poetry.puzzle.exceptions import SolverProblemError
from poetry.puzzle.provider import IncompatibleConstraintsError
from poetry.repositories.installed_repository import InstalledRepository
from poetry.utils.env import NullEnv

from poetry_fti.bridge.index import explained
from poetry_fti.bridge.locker import StageLocker
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.io import IO
    from poetry.poetry import Poetry


def solve(derived: Poetry, io: IO, *, regenerate: bool) -> str | None:
    """Return the lock's new text, None where what is on disk says the same already.

    With `regenerate` nothing of an old lock is preferred, else every pin that still fits is
    kept. Raises FtiError with Poetry's whole explanation where no solution exists.
    """
    locker = derived.locker
    assert isinstance(locker, StageLocker)  # noqa: S101 - what derived_poetry gives
    if regenerate:
        locker.ignore()
    else:
        _require_pins(locker)
    with tempfile.TemporaryDirectory(prefix="poetry-fti-") as scratch:
        # Repositories of git dependencies are cloned below the environment's path.
        environment = NullEnv(path=Path(scratch))
        installer = Installer(
            io,
            environment,
            derived.package,
            locker,
            derived.pool,
            derived.config,
            installed=InstalledRepository(),
            disable_cache=derived.disable_cache,
            build_constraints=derived.build_constraints,
        )
        with explained(derived.pool), _solver_errors():
            installer.lock(update=regenerate).run()
    return locker.written


def _require_pins(locker: StageLocker) -> None:
    try:
        locker.locked_repository()
    except Exception as error:  # damaged text makes Poetry raise nearly anything
        message = f"{locker.lock.name} names requirements that cannot be read: {error}."
        raise FtiError(f"{message} Solve the stage anew with --regenerate.") from error


@contextmanager
def _solver_errors() -> Iterator[None]:
    try:
        yield
    except (SolverProblemError, IncompatibleConstraintsError) as error:
        # Poetry's hints on Python versions are written with cleo's markup.
        raise FtiError(Formatter().remove_format(str(error)).strip()) from error
