"""Poetry's errors about servers that it cannot reach, as users read them."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.internals.index import paragraphs
from poetry_fti.urls import public_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry.console.exceptions import PoetryRuntimeError

_UNREACHABLE: Final = "All attempts to connect"


def is_unreachable(error: PoetryRuntimeError) -> bool:
    """Return whether an error of Poetry states that a server is unreachable; others are of git."""
    return str(error).startswith(_UNREACHABLE)


def error_text(error: PoetryRuntimeError) -> str:
    """Return the text of one of Poetry's errors, without its markup and without credentials.

    Poetry also calls a server unreachable if a file of this machine is the cause: a cache that
    cannot be written, or certificates that are missing. The text is then about this file.
    """
    if is_unreachable(error) and (reason := next(filter(None, _local_reasons(error)), "")):
        return public_text(f"The package index cannot be used: {reason}")
    messages = paragraphs(error)
    if messages is None:
        return public_text(str(error))
    lines = [message.stripped.strip() for message in messages if not message.debug]
    return public_text("\n".join(line for line in lines if line))


def _local_reasons(error: BaseException) -> Iterator[str]:
    """Yield the reason of each cause of an error that is about a file, else an empty string."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield _local_reason(cause)
        cause = cause.__cause__ or cause.__context__


def _local_reason(cause: BaseException) -> str:
    if not isinstance(cause, OSError):
        return ""
    reason = cause.strerror or str(cause)
    if cause.filename:
        return f"{cause.filename}: {reason}"
    # Full disks have no file name; requests describes missing certificates by text only.
    is_local = type(cause) is OSError and cause.errno in (None, errno.ENOSPC)
    return reason if is_local else ""
