"""Package indexes in memory: Poetry's own requests in this process, answered without a network.

Poetry's repositories, sessions and caches are the real ones; only the connection is replaced.
"""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from inspect import signature
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from cachecontrol import CacheControlAdapter
from cachecontrol.cache import DictCache
from cleo.io.null_io import NullIO
from poetry.factory import Factory
from poetry.repositories.http_repository import HTTPRepository
from poetry.repositories.pypi_repository import PyPiRepository
from poetry.utils._compat import tomllib
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError

from loopback.site import Site
from poetry_fti.bridge.index.prefetch import prefetcher
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from poetry_fti.operations.project import load_project
from small_index import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from cachecontrol.cache import BaseCache
    from poetry.poetry import Poetry
    from requests import PreparedRequest, Response, Session

    from loopback.site import Answer
    from poetry_fti.operations.feedback import Feedback, States, Verbosity
    from poetry_fti.operations.locking.request import LockResult
    from poetry_fti.operations.project import Project
    from small_index import Releases

_NO_OUTPUT: Final = NullIO()
DEFAULT: Final = str(urlsplit(signature(PyPiRepository).parameters["url"].default).hostname)


@dataclass(slots=True)
class MemoryIndex:
    """Indexes by the host name of their URLs; Poetry's default one is at `DEFAULT`.

    `requests` are the paths requested so far, in this process. `latency` is in seconds, and so is
    `max_age`, for which answers are fresh. A path that contains a key of `failures` gets the
    answer given there; a host without an index cannot be reached. Answers are cached in memory, or
    in Poetry's files with `cached_in_files`, which takes longer.
    """

    sites: dict[str, Site] = field(default_factory=dict)
    failures: dict[str, Answer] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    latency: float = 0.0
    max_age: int = 0
    cached_in_files: bool = False
    answers: DictCache = field(default_factory=DictCache)

    def offer(self, releases: Releases, host: str = DEFAULT) -> None:
        """Replace the releases of an index."""
        self.sites[host] = Site(catalogue(releases), f"https://{host}/", max_age=self.max_age)

    def create_poetry(self, root: Path) -> Poetry:
        """Load a project with Poetry, connected to these indexes."""
        # Without plugins: looking for them takes longer than the rest.
        poetry = Factory().create_poetry(root, io=_NO_OUTPUT, disable_plugins=True)
        for repository in poetry.pool.all_repositories:
            if isinstance(repository, HTTPRepository):
                session = repository.session
                vars(session)["create_session"] = self._creating(session.create_session)
        return poetry

    def answer(self, url: str, path: str, accept: str) -> Answer:
        """Return the answer to a request."""
        self.requests.append(path)
        if self.latency:
            time.sleep(self.latency)
        for part, failure in self.failures.items():
            if part in path:
                return failure
        host = urlsplit(url).netloc
        if host not in self.sites:
            raise ProtocolError(f"There is no index at {host}.")
        return self.sites[host].answer(path, accept)

    def _creating(self, create: Callable[[], Session]) -> Callable[[], Session]:
        def create_session() -> Session:
            session = create()
            session.trust_env = False  # it looks for proxies with each request
            (cache,) = {
                adapter.cache
                for adapter in session.adapters.values()
                if isinstance(adapter, CacheControlAdapter)
            }
            session.mount(
                "https://", _Adapter(self, cache if self.cached_in_files else self.answers)
            )
            return session

        return create_session


class _Adapter(CacheControlAdapter):
    """CacheControl's adapter with a connection to an index in memory."""

    def __init__(self, index: MemoryIndex, cache: BaseCache) -> None:
        super().__init__(cache)
        self._index = index

    def get_connection_with_tls_context(  # type: ignore[override]
        self, request: PreparedRequest, *_: object, **__: object
    ) -> _Connection:
        return _Connection(self._index, str(request.url))

    def build_response(  # type: ignore[override]
        self,
        request: PreparedRequest,
        response: HTTPResponse,
        from_cache: bool = False,  # noqa: FBT001, FBT002 - CacheControl's signature
    ) -> Response:
        """Return a response; CacheControl leaves a file open for one that is not read."""
        if response.status >= HTTPStatus.BAD_REQUEST:
            return HTTPAdapter.build_response(self, request, response)
        return super().build_response(request, response, from_cache)

    def cert_verify(self, *_: object) -> None:
        """Verify no certificate: there is no connection to a server."""


@dataclass(frozen=True, slots=True)
class _Connection:
    """The part of urllib3's connection pools that requests uses."""

    index: MemoryIndex
    url: str

    def urlopen(self, url: str, headers: Mapping[str, str], **_: object) -> HTTPResponse:
        """Return the response to a request; `url` is its path."""
        answer = self.index.answer(self.url, unquote(url), headers.get("Accept", ""))
        return HTTPResponse(
            _Body(answer.body),
            {
                "Content-Type": answer.content_type,
                "Date": formatdate(usegmt=True),  # CacheControl keeps no response without it
                **answer.headers,
            },
            int(answer.status),
            preload_content=False,
            decode_content=False,
        )


class _Body(BytesIO):
    """The body of a response, which is closed as soon as it has been read, as that of a server."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to a number of bytes."""
        data = super().read(size)
        if self.tell() == len(self.getbuffer()):
            self.close()
        return data


@dataclass(slots=True)
class Recorder:
    """A `Feedback` that keeps what it receives.

    Unless `verbosity` is 0, stages are solved in this process, where coverage is measured.
    """

    verbosity: Verbosity = 1
    running: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    states: States = dict

    def progress(self, message: str, states: States, /) -> AbstractContextManager[None]:
        """Keep the message, and the function that returns the stages' states."""
        self.running.append(message)
        self.states = states
        return nullcontext()

    def detail(self, text: str, /) -> None:
        """Keep a line of the resolver's commentary."""
        self.details.append(text)

    def notice(self, text: str, /) -> None:
        """Keep a line."""
        self.notices.append(text)


@dataclass(frozen=True, slots=True)
class MemoryProject:
    """A project in the folder `root` whose packages come from indexes in memory."""

    root: Path
    index: MemoryIndex
    cache: Path

    def clear_cache(self) -> None:
        """Remove all that Poetry has kept of the indexes' answers."""
        # Their requests may still be answered, and fill the folders that are being removed.
        for thread in threading.enumerate():
            if thread.name == prefetcher.THREAD:
                thread.join()
        shutil.rmtree(self.cache)
        self.index.answers.data.clear()

    def write(self, text: str) -> None:
        """Replace the pyproject.toml."""
        (self.root / "pyproject.toml").write_text(text, encoding="utf-8")

    def load(self) -> Project:
        """Load the project as a command does."""
        return load_project(self.root, self.index.create_poetry)

    def lock(
        self,
        *stages: str,
        regenerate: bool = False,
        aligned: bool = True,
        feedback: Feedback | None = None,
    ) -> dict[str, LockResult]:
        """Lock stages, by default all, and return their results."""
        project = self.load()
        selected = project.select(stages)
        request = LockRequest(
            stages=frozenset(stage.name for stage in selected),
            regenerate=regenerate,
            aligned=aligned,
        )
        return lock_stages(project, selected, request, feedback or Recorder())

    def update(
        self, *packages: str, stages: Sequence[str] = (), dry_run: bool = False
    ) -> dict[str, LockResult]:
        """Update packages, by default all, in the locks of stages, and return the results."""
        project = self.load()
        request = LockRequest.for_update(project, packages, stages, dry_run=dry_run)
        return lock_stages(project, project.select(request.stages), request, Recorder())

    @property
    def locked(self) -> dict[str, str]:
        """The content of the locks: `{"training": "app 1.0, lib 2.0"}`."""
        return {
            path.parent.name: _packages(path)
            for path in sorted(self.root.glob("fti/*/poetry.lock"))
        }

    def markers(self, stage: str) -> dict[str, str]:
        """Return the marker of each package in a stage's lock; empty for none."""
        path = self.root / "fti" / stage / "poetry.lock"
        return {
            f"{package['name']} {package['version']}": package.get("markers", "")
            for package in _read(path)
        }


def _read(lock: Path) -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    return packages


def _packages(lock: Path) -> str:
    return ", ".join(f"{package['name']} {package['version']}" for package in _read(lock))
