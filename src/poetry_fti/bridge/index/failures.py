"""Servers of package indexes that have failed, which takes many retries and is remembered."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from poetry.console.exceptions import PoetryRuntimeError

from poetry_fti.bridge.internals.index import paragraphs
from poetry_fti.errors import IndexFailedError
from poetry_fti.urls import public_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry.repositories.http_repository import HTTPRepository
    from requests import Response


@contextmanager
def remembered_failures(repository: HTTPRepository) -> Iterator[None]:
    """Make no further request to a server of an index after it has failed inside the context.

    Each further request raises the IndexFailedError of the first one.
    """
    authenticator = repository.session
    request, failures = authenticator.request, dict[str, str]()

    def remembering(method: str, url: str, **options: Any) -> Response:  # noqa: ANN401 - Poetry's
        host = urlsplit(url).netloc
        server = f"{repository.name} {host}"
        if host in failures:
            raise IndexFailedError(failures[host], server)
        try:
            return request(method, url, **options)
        except IndexFailedError as error:
            failures[host] = str(error)
            raise IndexFailedError(failures[host], server) from error
        except PoetryRuntimeError as error:
            if not is_unreachable(error):
                raise
            failures[host] = error_text(error)
            raise IndexFailedError(failures[host], server) from error

    vars(authenticator)["request"] = remembering
    try:
        yield
    finally:
        vars(authenticator)["request"] = request


def is_unreachable(error: PoetryRuntimeError) -> bool:
    """Return whether an error of Poetry states that a server is unreachable; others are of git."""
    return str(error).startswith("All attempts to connect")


def error_text(error: PoetryRuntimeError) -> str:
    """Return the text of one of Poetry's errors, without its markup and without credentials."""
    messages = paragraphs(error)
    if messages is None:
        return public_text(str(error))
    lines = [message.stripped.strip() for message in messages if not message.debug]
    return public_text("\n".join(line for line in lines if line))
