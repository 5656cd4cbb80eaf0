"""Poetry's caches of an index, made safe for several processes that may be killed while writing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachecontrol import CacheControlAdapter, CacheController
from cachecontrol.cache import SeparateBodyBaseCache
from cachecontrol.caches import FileCache, SeparateBodyFileCache
from cachecontrol.controller import PERMANENT_REDIRECT_STATUSES
from poetry.repositories.http_repository import HTTPRepository

from poetry_fti.bridge.index.release_cache import RobustFileCache
from poetry_fti.bridge.internals.index import can_override_cache, replace_release_cache

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from poetry.repositories import RepositoryPool
    from requests import PreparedRequest
    from urllib3 import HTTPResponse


def make_robust(pool: RepositoryPool) -> None:
    """Make the indexes of a pool neither leave nor read incomplete files in their caches.

    A cache whose methods are not those that are known is used as it is.
    """
    for repository in pool.all_repositories:
        if isinstance(repository, HTTPRepository):
            if can_override_cache():
                session = repository.session
                vars(session)["create_session"] = _creating(session.create_session)
            # Windows cannot replace a file that another process is reading.
            if os.name != "nt":
                replace_release_cache(repository, RobustFileCache)


def _creating(create: Callable[[], requests.Session]) -> Callable[[], requests.Session]:
    def create_session() -> requests.Session:
        session = create()
        for adapter in session.adapters.values():
            if isinstance(adapter, CacheControlAdapter):
                adapter.controller = RobustController(adapter.cache)
                # Windows cannot replace a file that another process is replacing.
                if isinstance(adapter.cache, FileCache | SeparateBodyFileCache) and os.name != "nt":
                    vars(adapter.cache)["lock_class"] = _NoLock
        return session

    return create_session


class _NoLock:
    """A file lock that does not lock: CacheControl replaces whole files, which needs no lock."""

    def __init__(self, path: str) -> None:
        """Take the path of the lock, as FileLock does."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class RobustController(CacheController):
    """Writes the headers of a response after its body, and ignores headers without a body.

    CacheControl writes the headers first where each has a file of its own (since Poetry 2.4). A
    process that is killed in between leaves an incomplete response, which Poetry reports as a
    network failure until the cache is cleared. The private names are listed in
    `bridge/internals/index.py`.
    """

    def _cache_set(
        self,
        cache_url: str,
        request: PreparedRequest,
        response: HTTPResponse,
        body: bytes | None = None,
        expires_time: int | None = None,
    ) -> None:
        if isinstance(self.cache, SeparateBodyBaseCache) and body is not None:
            self.cache.delete(cache_url)
            self.cache.set_body(cache_url, body)
            body = None  # only the headers are left to be written
        super()._cache_set(cache_url, request, response, body, expires_time)

    def _load_from_cache(self, request: PreparedRequest) -> HTTPResponse | None:
        response = super()._load_from_cache(request)
        if response is None or self._is_whole(str(request.url), response):
            return response
        response.close()
        return None

    def _is_whole(self, url: str, response: HTTPResponse) -> bool:
        if not isinstance(self.cache, SeparateBodyBaseCache):
            return True
        body = self.cache.get_body(url)
        if body is None:
            return False
        with body:
            size = os.fstat(body.fileno()).st_size
        length = response.headers.get("Content-Length", "")
        redirects = response.status in PERMANENT_REDIRECT_STATUSES  # kept without their bodies
        return redirects or not length.isdigit() or int(length) == size
