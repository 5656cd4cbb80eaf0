"""Poetry's cache of HTTP answers, made to stand a process that is killed while it writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachecontrol import CacheControlAdapter, CacheController
from cachecontrol.cache import SeparateBodyBaseCache
from cachecontrol.caches import FileCache, SeparateBodyFileCache
from cachecontrol.controller import PERMANENT_REDIRECT_STATUSES
from poetry.repositories.http_repository import HTTPRepository

from poetry_fti.bridge.internals.index import can_override_cache

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests
    from poetry.repositories import RepositoryPool
    from requests import PreparedRequest
    from urllib3 import HTTPResponse


def make_robust(pool: RepositoryPool) -> None:
    """Let the indexes of a pool neither leave nor read half a cached answer.

    Where CacheControl's methods are others than those known, its cache is used as it is.
    """
    if not can_override_cache():
        return
    for repository in pool.all_repositories:
        if isinstance(repository, HTTPRepository):
            session = repository.session
            vars(session)["create_session"] = _creating(session.create_session)


def _creating(create: Callable[[], requests.Session]) -> Callable[[], requests.Session]:
    def create_session() -> requests.Session:
        session = create()
        for adapter in session.adapters.values():
            if isinstance(adapter, CacheControlAdapter):
                adapter.controller = RobustController(adapter.cache)
                # Windows replaces no file that another process is replacing.
                if isinstance(adapter.cache, FileCache | SeparateBodyFileCache) and os.name != "nt":
                    vars(adapter.cache)["lock_class"] = _NoLock
        return session

    return create_session


class _NoLock:
    """What CacheControl is to take for a lock: it replaces whole files, which needs none."""

    def __init__(self, path: str) -> None:
        """Take the path of the lock, as FileLock does."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class RobustController(CacheController):
    """Writes the head of an answer after its body, and reads no head without its body.

    CacheControl does it the other way round where each has a file of its own (since Poetry 2.4).
    A process killed in between leaves an answer without an end, which Poetry takes for a network
    that fails, with every run until somebody clears the cache. `bridge/internals/index.py` lists
    the private names.
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
            body = None  # the head alone is missing
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
