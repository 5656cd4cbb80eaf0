"""The indexes of a pool while a monitor records their responses."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from poetry.console.exceptions import PoetryRuntimeError
from poetry.repositories.http_repository import HTTPRepository

from poetry_fti.bridge.index.monitoring.monitor import IndexMonitor
from poetry_fti.bridge.index.monitoring.unreachable import error_text, is_unreachable
from poetry_fti.bridge.internals.index import keep_open
from poetry_fti.errors import IndexFailedError
from poetry_fti.urls import public_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests
    from poetry.repositories import RepositoryPool


def keep_connections(pool: RepositoryPool, number: int) -> None:
    """Keep up to `number` connections to each index open, instead of one for each request."""
    for repository in http_repositories(pool):
        keep_open(repository.session, number)


def close_connections(pool: RepositoryPool) -> None:
    """Close the idle connections to the indexes of a pool; the next requests open others."""
    for repository in http_repositories(pool):
        repository.session.close()


@contextmanager
def monitored(pool: RepositoryPool) -> Iterator[IndexMonitor]:
    """Yield a monitor that records every response of the pool's indexes inside the context.

    No further requests are made to a server of an index that has failed.
    """
    repositories = http_repositories(pool)
    monitor = IndexMonitor({public_text(each.url): each.name for each in repositories})
    with ExitStack() as monitoring:
        for repository in repositories:
            hooks = _hooks(repository)
            hooks.append(monitor)
            monitoring.callback(hooks.remove, monitor)
            monitoring.enter_context(_remembered_failures(repository))
            monitoring.enter_context(_readable(repository, monitor))
        yield monitor


def http_repositories(pool: RepositoryPool) -> list[HTTPRepository]:
    """Return the repositories of a pool that are package indexes, highest priority first."""
    return [repo for repo in pool.all_repositories if isinstance(repo, HTTPRepository)]


def _hooks(repository: HTTPRepository) -> list[Any]:
    hooks: list[Any] = repository.session.get_session(repository.url).hooks["response"]
    return hooks


@contextmanager
def _readable(repository: HTTPRepository, monitor: IndexMonitor) -> Iterator[None]:
    """Convert errors of reading the index's responses inside the context; see `IndexMonitor`."""

    def reading(read: Callable[..., Any]) -> Callable[..., Any]:
        def monitored_read(*arguments: object, **options: object) -> Any:  # noqa: ANN401 - Poetry's
            with monitor.response_errors():
                return read(*arguments, **options)

        return monitored_read

    readers = {name: getattr(repository, name) for name in ("find_packages", "package")}
    vars(repository).update({name: reading(read) for name, read in readers.items()})
    try:
        yield
    finally:
        vars(repository).update(readers)


@contextmanager
def _remembered_failures(repository: HTTPRepository) -> Iterator[None]:
    """Make no further request to a server of an index after it has failed inside the context.

    Each further request raises the IndexFailedError of the first one.
    """
    authenticator = repository.session
    request, failures = authenticator.request, dict[str, str]()

    def remembering(method: str, url: str, **options: Any) -> requests.Response:  # noqa: ANN401 - Poetry's
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
