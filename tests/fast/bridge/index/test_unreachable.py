"""Servers that Poetry calls unreachable, and files that are the cause."""

from __future__ import annotations

from errno import EACCES, ENETUNREACH, ENOSPC

import pytest
import requests
from poetry.console.exceptions import PoetryRuntimeError
from urllib3.exceptions import ProtocolError

from poetry_fti.bridge.index.monitoring.unreachable import error_text

UNREACHABLE = "All attempts to connect to index.example failed."
CERTIFICATES = "Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere"


def unreachable(cause: Exception) -> PoetryRuntimeError:
    """Return Poetry's error after a request that failed."""
    error = PoetryRuntimeError.create(reason=UNREACHABLE, exception=cause)
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (PermissionError(EACCES, "Permission denied", "/cache"), "/cache: Permission denied"),
        (OSError(ENOSPC, "No space left on device"), "No space left on device"),
        (OSError(CERTIFICATES), CERTIFICATES),
    ],
)
def test_a_file_that_is_the_cause_is_named(cause: OSError, reason: str) -> None:
    text = f"The package index cannot be used: {reason}"
    assert error_text(unreachable(cause)) == text
    # While the body of a response is read, urllib3 and requests wrap it.
    broken = ProtocolError("Connection broken", cause)
    broken.__cause__ = cause
    wrapped = requests.exceptions.ChunkedEncodingError(broken)
    wrapped.__context__ = broken
    assert error_text(unreachable(wrapped)) == text


@pytest.mark.parametrize(
    "cause",
    [
        requests.ConnectionError("refused"),
        TimeoutError("timed out"),
        OSError(ENETUNREACH, "Network is unreachable"),
    ],
)
def test_a_server_that_is_unreachable_is_named(cause: Exception) -> None:
    assert error_text(unreachable(cause)) == UNREACHABLE


def test_other_errors_keep_their_text() -> None:
    error = PoetryRuntimeError.create(reason="git failed")
    error.__context__ = PermissionError(EACCES, "Permission denied", "/cache")
    assert error_text(error) == "git failed"
