"""Responses of the package indexes, and errors that name the index and its response."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from threading import local
from typing import TYPE_CHECKING, Final

import requests
import urllib3
from poetry.console.exceptions import PoetryRuntimeError
from poetry.exceptions import PoetryError
from poetry.repositories.exceptions import PackageNotFoundError, RepositoryError
from poetry.utils.constants import STATUS_FORCELIST

from poetry_fti.bridge.index.monitoring.unreachable import error_text, is_unreachable
from poetry_fti.errors import FtiError, IndexFailedError, UnsolvableError
from poetry_fti.urls import public_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from poetry.core.packages.package import Package

# How often Poetry retries after a status of its STATUS_FORCELIST.
_RETRIES: Final = 5
# A response that takes longer than this came over a network worth prefetching for.
_FAST: Final = timedelta(milliseconds=4)
_FAST_FROM_CACHE: Final = timedelta(milliseconds=15)
# The end of the URL of a release in PyPI's JSON API, with the name of its project.
_RELEASE: Final = re.compile(r"/pypi/([^/]+)/[^/]+/json$")
_MIRROR_ADVICE: Final = (
    "If a mirror without the metadata of releases answers for PyPI, make it a source of the"
    " project: `poetry source add --priority=primary mirror URL`"
)


def _do_nothing(*_: object) -> None:
    """Ignore an event: the default of the monitor's callbacks."""


class GaveUpError(Exception):
    """A prefetching thread gave up a request; the thread that needs the response repeats it."""


class IndexMonitor:
    """A `requests` response hook that records what the indexes answer, for later error messages.

    Calls `on_wait` when a response takes longer than one from a cache would, and `on_refusal`
    when an index answers 429 (Too Many Requests). `on_page_begin` and `on_page_end` are called
    before and after a project's page is read, by any thread; `on_release` with a release
    that the solver reads for the first time, and the texts of its requirements.
    """

    def __init__(self, sources: Mapping[str, str] | None = None) -> None:
        """Record responses of indexes, whose names are in `sources` by their URLs."""
        self._sources = sources or {}
        self._thread = local()
        self.on_wait: Callable[[], None] = _do_nothing
        self.on_refusal: Callable[[], None] = _do_nothing
        self.on_page_begin: Callable[[], None] = _do_nothing
        self.on_page_end: Callable[[], None] = _do_nothing
        self.on_release: Callable[[Package, Sequence[str]], None] = _do_nothing
        self._suspect: dict[str, str] = {}  # project name to a response that may be wrong
        self._failures = Counter[str]()

    def mark_prefetching(self) -> None:
        """Raise GaveUpError in this thread for each response that refuses a request.

        A retry would use up the rate limit that the solver needs, and Poetry would print a
        warning about a response that may never be needed.
        """
        self._thread.prefetching = True

    @property
    def _latest_url(self) -> str:
        latest: str = getattr(self._thread, "latest_url", "the package index")
        return latest

    def __call__(self, response: requests.Response, *_: object, **__: object) -> None:
        """Record a response. Raises IndexFailedError after Poetry's last retry of a URL.

        Poetry itself would report "no such package" and request the next page from that index.
        """
        url, status = public_text(response.url), response.status_code
        self._thread.latest_url = url
        # "304 Not Modified" is a response from the cache, too, but it took a request.
        fast = _FAST_FROM_CACHE if getattr(response, "from_cache", False) else _FAST
        if response.elapsed > fast:
            self.on_wait()
        if status == requests.codes.too_many_requests:
            self.on_refusal()
        if getattr(self._thread, "prefetching", False) and _is_refusal(url, status):
            raise GaveUpError(url)
        if status in STATUS_FORCELIST:
            _convert_retry_after(response)
            self._failures[url] += 1
            if self._failures[url] > _RETRIES:
                raise IndexFailedError(f"The package index failed: {url} answered {status}.")
        elif problem := self._problem(response, url):
            self._suspect[_project(url)] = f"{url} answered {problem}"

    def _problem(self, response: requests.Response, url: str) -> str:
        """Return what may be wrong with a response to a URL, or empty."""
        status = response.status_code
        if status == requests.codes.not_found and _RELEASE.search(url):
            return f"{status}. {_MIRROR_ADVICE}"
        if status >= requests.codes.bad_request and status != requests.codes.not_found:
            login = self._login_advice(url) if status == requests.codes.unauthorized else ""
            return f"{status}{login}"
        if _is_html(response) and b"<a" not in response.content:
            return "with a page without links"
        return ""

    def _login_advice(self, url: str) -> str:
        """Return how to configure a login for the index at a URL, after the end of a sentence."""
        for index, name in self._sources.items():
            if url.startswith(index):
                variable = f"POETRY_HTTP_BASIC_{name.upper().replace('-', '_')}"
                return (
                    f". Set {variable}_USERNAME and {variable}_PASSWORD, or run"
                    f" `poetry config http-basic.{name} USERNAME PASSWORD`"
                )
        return ""

    @contextmanager
    def reading_page(self) -> Iterator[None]:
        """Report that a project's page is read for the duration of the context."""
        self.on_page_begin()
        try:
            yield
        finally:
            self.on_page_end()

    @contextmanager
    def response_errors(self) -> Iterator[None]:
        """Convert errors of reading a response in this thread to an FtiError that names its URL.

        Raises IndexFailedError where the response is no index page or lacks a part of one.
        """
        try:
            yield
        except (requests.HTTPError, urllib3.exceptions.HTTPError) as error:
            raise FtiError(public_text(str(error))) from error
        except requests.RequestException as error:
            reason = public_text(str(error))
            message = f"{self._latest_url} returned a response that is not an index page: {reason}"
            raise IndexFailedError(message) from error
        except (AttributeError, LookupError, TypeError) as error:
            message = f"{self._latest_url} returned an incomplete response ({error!r})."
            raise IndexFailedError(message) from error

    @contextmanager
    def index_errors(self) -> Iterator[None]:
        """Convert Poetry's errors about packages and indexes to an FtiError that names the cause.

        Raises IndexFailedError where an index is unreachable or its response is unusable.
        """
        try:
            yield
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise FtiError(public_text(str(error))) from error
        except PoetryRuntimeError as error:
            kind = IndexFailedError if is_unreachable(error) else FtiError
            raise kind(error_text(error)) from error
        except IndexFailedError:
            raise
        except UnsolvableError as error:
            suspect = self._suspect_response(error.explanation)
            raise UnsolvableError(f"{suspect}{error}", suspect + error.explanation) from error
        except (PoetryError, PackageNotFoundError, RepositoryError, FtiError) as error:
            raise FtiError(f"{self._suspect_response(str(error))}{error}") from error

    def _suspect_response(self, text: str) -> str:
        """Return a line about the suspect response for a package that an error names, or empty."""
        for name, response in self._suspect.items():
            if re.search(rf"\b{re.escape(name)}\b", text):
                return f"The package index failed: {response}.\n"
        return ""


def _is_refusal(url: str, status: int) -> bool:
    # 404 is a valid response for a project's page, but not for metadata that a page lists.
    missing = status == requests.codes.not_found
    return url.endswith(".metadata") if missing else status >= requests.codes.bad_request


def _convert_retry_after(response: requests.Response) -> None:
    """Convert a date in `Retry-After` to seconds; Poetry fails with a ValueError on dates."""
    written = response.headers.get("Retry-After", "0")
    if not written.isdigit():
        del response.headers["Retry-After"]
        with suppress(ValueError, TypeError):  # neither number nor date, or a date without a zone
            moment = parsedate_to_datetime(written)
            seconds = (moment - datetime.now(timezone.utc)).total_seconds()
            if seconds > 0:  # else the clocks differ, and Poetry's own pause is used
                response.headers["Retry-After"] = str(seconds)


def _project(url: str) -> str:
    release = _RELEASE.search(url)
    return release[1] if release else url.rstrip("/").rpartition("/")[2]


def _is_html(response: requests.Response) -> bool:
    return response.headers.get("Content-Type", "").startswith("text/html")
