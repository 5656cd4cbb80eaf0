"""All private names that are relied on, and whether stages can be solved with them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.internals import commands, index, locker, packages, parsers, search, solver
from poetry_fti.bridge.internals.private_name import exists
from poetry_fti.bridge.internals.versions import (
    is_newer_than_tested,
    newest_tested,
    poetry_version,
    tested_versions,
)

if TYPE_CHECKING:
    from poetry_fti.bridge.internals.private_name import PrivateName

PRIVATE_NAMES: Final = (
    *solver.NAMES,
    *search.NAMES,
    *packages.NAMES,
    *parsers.NAMES,
    *index.NAMES,
    *locker.NAMES,
    *commands.NAMES,
)
_SOLVING: Final = ("solving", "index", "lock text")


@cache
def plain_path_notice() -> str | None:
    """Return why stages are solved through Poetry's public interface only; None if they are not.

    This is so where Poetry is newer than the versions tested, or lacks a name that solving uses.
    """
    version = poetry_version()
    if is_newer_than_tested():
        reason = (
            f"Poetry {version} is newer than {newest_tested()}, the newest version that poetry-fti"
            " is tested with"
        )
    elif missing := _missing():
        reason = (
            f"Poetry {version} has no {missing}, which poetry-fti uses (it is tested with Poetry"
            f" {tested_versions()})"
        )
    else:
        return None
    return f"{reason}: stages are solved through Poetry's public interface only, which is slower."


def _missing() -> PrivateName | None:
    names = (name for name in PRIVATE_NAMES if name.use in _SOLVING)
    return next((name for name in names if not exists(name)), None)
