"""The versions of Poetry that poetry-fti is tested with."""

from __future__ import annotations

from typing import Final

from packaging.version import Version

from poetry_fti.errors import FtiError

OLDEST_TESTED: Final = (2, 3)
NEWEST_TESTED: Final = (2, 5)


def poetry_version() -> str:
    """Return the version of the Poetry that runs."""
    from poetry.__version__ import __version__  # noqa: PLC0415 - nothing of Poetry at import

    return __version__


def is_newer_than_tested() -> bool:
    """Return whether the minor version of the Poetry that runs is newer than those tested."""
    return Version(poetry_version()).release[:2] > NEWEST_TESTED


def newest_tested() -> str:
    """Return the newest tested minor version, such as "2.5"."""
    return _text(NEWEST_TESTED)


def tested_versions() -> str:
    """Return the tested minor versions for messages, such as "2.3 to 2.5"."""
    return f"{_text(OLDEST_TESTED)} to {_text(NEWEST_TESTED)}"


def unsupported(what: str, name: object) -> FtiError:
    """Return the error of a command that cannot do `what` without a private name."""
    return FtiError(
        f"Poetry {poetry_version()} has no {name}, without which poetry-fti cannot {what}."
        f" poetry-fti is tested with Poetry {tested_versions()}."
    )


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
