"""The package indexes: where a lock's files are, and what an index that fails is called."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from threading import local
from typing import TYPE_CHECKING, Any, Final

import requests
import urllib3
from poetry.console.exceptions import PoetryRuntimeError
from poetry.core.constraints.version import Version
from poetry.exceptions import PoetryError
from poetry.repositories.exceptions import PackageNotFoundError, RepositoryError
from poetry.repositories.http_repository import HTTPRepository
from poetry.utils.constants import STATUS_FORCELIST

from poetry_fti.bridge.index.parallel import in_parallel
from poetry_fti.bridge.internals.index import keep_open, paragraphs
from poetry_fti.errors import FtiError, IndexFailedError
from poetry_fti.model import IndexOrigin, LockedFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poetry.repositories import RepositoryPool

    from poetry_fti.model import LockedPackage

_CONNECTIONS: Final = 8
# How often Poetry asks again after a status of its STATUS_FORCELIST.
_RETRIES: Final = 5
_NEAR: Final = timedelta(milliseconds=4)
_IN_CACHE: Final = timedelta(milliseconds=15)


def _nothing() -> None:
    """Do nothing: nobody wants to know."""


class GaveUpError(Exception):
    """Raised in a thread that fetches ahead: who needs what it was refused asks again."""


class IndexMonitor:
    """What the package indexes answered, for the errors that Poetry makes of it.

    Calls `on_wait` when an answer takes longer than one from the cache, and `on_refusal` when
    an index asks for fewer requests.
    """

    def __init__(self) -> None:
        self._answers = local()
        self.on_wait: Callable[[], None] = _nothing
        self.on_refusal: Callable[[], None] = _nothing
        self.doubts: dict[str, str] = {}
        self._failures = Counter[str]()

    def mark_prefetching(self) -> None:
        """Give up in this thread what an index refuses.

        To insist would take a rate limit from the solver, and Poetry would warn of an answer
        that nobody may need.
        """
        self._answers.ahead = True

    @property
    def _latest(self) -> str:
        latest: str = getattr(self._answers, "latest", "the package index")
        return latest

    def __call__(self, response: requests.Response, *_: object, **__: object) -> None:
        """See an answer. Raises IndexFailedError when Poetry gives up an URL.

        Poetry itself would take it for "no such package" and ask the same index for the next.
        """
        url, status = _without_credentials(response.url), response.status_code
        self._answers.latest = url
        # An answer "not modified" is one from the cache, too, but it has been waited for.
        if response.elapsed > (_IN_CACHE if getattr(response, "from_cache", False) else _NEAR):
            self.on_wait()
        if status == requests.codes.too_many_requests:
            self.on_refusal()
        if getattr(self._answers, "ahead", False) and _is_refusal(url, status):
            raise GaveUpError(url)
        if status in STATUS_FORCELIST:
            _count_seconds(response)
            self._failures[url] += 1
            if self._failures[url] > _RETRIES:
                raise IndexFailedError(f"The package index failed: {url} answered {status}.")
        elif status >= requests.codes.bad_request and status != requests.codes.not_found:
            self.doubts[_project(url)] = f"{url} answered {status}"
        elif _is_html(response) and b"<a" not in response.content:
            self.doubts[_project(url)] = f"{url} answered with a page without links"

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Name the answer that could not be read, in the thread that has asked for it."""
        try:
            yield
        except (requests.HTTPError, urllib3.exceptions.HTTPError) as error:
            raise FtiError(_without_credentials(str(error))) from error
        except requests.RequestException as error:
            reason = _without_credentials(str(error))
            message = f"{self._latest} gave an answer that is no index page: {reason}"
            raise IndexFailedError(message) from error
        except (KeyError, TypeError, AttributeError) as error:
            message = f"{self._latest} gave an answer that lacks a part ({error!r})."
            raise IndexFailedError(message) from error

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what an index that fails makes Poetry raise into an FtiError that names it."""
        try:
            with self.understood():
                yield
        except PoetryRuntimeError as error:
            unreachable = str(error).startswith("All attempts to connect")  # else it is about git
            raise (IndexFailedError if unreachable else FtiError)(_plain(error)) from error
        except IndexFailedError:
            raise
        except (PoetryError, PackageNotFoundError, RepositoryError, FtiError) as error:
            raise FtiError(self._explain(error)) from error

    def _explain(self, error: Exception) -> str:
        """Return an error's text, after what the indexes answered for a package in it."""
        text = str(error)
        for name, doubt in self.doubts.items():
            if re.search(rf"\b{re.escape(name)}\b", text):
                return f"The package index failed: {doubt}.\n{text}"
        return text


def _is_refusal(url: str, status: int) -> bool:
    # That a project has no page is an answer; that its metadata is not there is none.
    missing = status == requests.codes.not_found
    return url.endswith(".metadata") if missing else status >= requests.codes.bad_request


def _count_seconds(response: requests.Response) -> None:
    """Tell Poetry when to ask again in seconds: it breaks down over a date, the other way."""
    later = response.headers.get("Retry-After", "0")
    if not later.isdigit():
        del response.headers["Retry-After"]
        with suppress(ValueError, TypeError):  # neither of the two, or a date without a zone
            seconds = (parsedate_to_datetime(later) - datetime.now(timezone.utc)).total_seconds()
            if seconds > 0:  # else clocks differ, and Poetry's own pause is better than none
                response.headers["Retry-After"] = str(seconds)


def _project(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def _is_html(response: requests.Response) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")


def keep_connections(pool: RepositoryPool, number: int) -> None:
    """Let so many connections to each index be kept open, rather than made for each request."""
    for repository in _http_repositories(pool):
        keep_open(repository.session, number)


@contextmanager
def monitored(pool: RepositoryPool) -> Iterator[IndexMonitor]:
    """Monitor what the indexes of a pool answer."""
    monitor = IndexMonitor()
    hooks = [_hooks(repository) for repository in _http_repositories(pool)]
    for hook in hooks:
        hook.append(monitor)
    try:
        yield monitor
    finally:
        for hook in hooks:
            hook.remove(monitor)


def _http_repositories(pool: RepositoryPool) -> list[HTTPRepository]:
    return [repo for repo in pool.all_repositories if isinstance(repo, HTTPRepository)]


def _hooks(repository: HTTPRepository) -> list[Any]:
    hooks: list[Any] = repository.session.get_session(repository.url).hooks["response"]
    return hooks


def _plain(error: PoetryRuntimeError) -> str:
    messages = paragraphs(error)
    if messages is None:
        return _without_credentials(str(error))
    lines = [message.stripped.strip() for message in messages if not message.debug]
    return _without_credentials("\n".join(line for line in lines if line))


def _without_credentials(text: str) -> str:
    return re.sub(r"[^\s/@]+@(?=[^\s/@])", "", text)


def pool_indexes(pool: RepositoryPool) -> tuple[IndexOrigin, ...]:
    """Return the indexes of a pool, highest priority first; Poetry's default has no name."""
    return tuple(
        IndexOrigin(None if repository.name.lower() == "pypi" else repository.name, repository.url)
        for repository in _http_repositories(pool)
    )


def find_files(pool: RepositoryPool, packages: Iterable[LockedPackage]) -> dict[str, LockedFile]:
    """Return URL, size and upload time of the packages' files, by digest.

    They come from Poetry's cache, else from the index. A file that the index no longer has is
    left out. Raises FtiError where an index cannot be reached.
    """
    wanted = [package for package in packages if isinstance(package.origin, IndexOrigin)]
    with monitored(pool) as monitor, monitor.explained():
        found = in_parallel(lambda package: _files_of(pool, package), wanted, _CONNECTIONS)
    return {file.digest: file for files in found for file in files}


def _files_of(pool: RepositoryPool, package: LockedPackage) -> list[LockedFile]:
    origin = package.origin
    assert isinstance(origin, IndexOrigin)  # noqa: S101 - chosen by the caller
    version = Version.parse(str(package.version))
    try:
        files = pool.package(package.name, version, origin.name or "PyPI").files
    except PackageNotFoundError:
        return []
    return [
        LockedFile(
            name=file["file"],
            digest=file["hash"],
            url=file.get("url"),
            size=file.get("size"),
            upload_time=file.get("upload_time"),
        )
        for file in files
    ]
