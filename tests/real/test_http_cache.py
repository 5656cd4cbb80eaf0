"""Poetry's cache of answers: whatever is killed when, the next run gets whole answers."""

from __future__ import annotations

import time
from contextlib import suppress
from email.utils import formatdate
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from cachecontrol import CacheController
from cachecontrol.caches import SeparateBodyFileCache
from poetry.config.config import Config
from poetry.repositories import RepositoryPool
from poetry.repositories.legacy_repository import LegacyRepository
from requests import Request
from urllib3 import HTTPResponse

from poetry_fti.bridge.index.http_cache import RobustController, make_robust

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from requests import PreparedRequest

    from loopback.index import LoopbackIndex


@pytest.fixture
def get(own_index: LoopbackIndex, tmp_path: Path) -> Callable[..., bytes]:
    """Ask for a page as a process of its own would."""

    def get(*, robust: bool = True) -> bytes:
        config = Config(use_environment=False)
        config.merge({"cache-dir": str(tmp_path)})
        repository = LegacyRepository("index", own_index.url + "simple/", config=config)
        if robust:
            make_robust(RepositoryPool([repository]))
        return bytes(repository.session.get(own_index.url + "simple/alpha/").content)

    return get


def test_an_answer_is_kept(get: Callable[..., bytes], own_index: LoopbackIndex) -> None:
    page = get()
    assert b"alpha-2.0" in page
    assert [get(), get(robust=False)] == [page, page]
    assert len(own_index.requests) == 1


@pytest.mark.parametrize("spoil", ["remove", "cut off"])
def test_half_an_answer_is_not_read(get: Callable[..., bytes], tmp_path: Path, spoil: str) -> None:
    page = get()
    for body in tmp_path.rglob("*.body"):
        body.unlink() if spoil == "remove" else body.write_bytes(page[:-9])
    assert [get(), get(robust=False)] == [page, page]


class KilledError(BaseException):
    """Stands for the end of a process."""


def store(controller: CacheController, request: PreparedRequest, text: bytes) -> None:
    headers = {
        "Content-Length": str(len(text)),
        "Cache-Control": "max-age=600",
        "Date": formatdate(time.time(), usegmt=True),
    }
    response = HTTPResponse(BytesIO(text), headers, 200, request_url=request.url)
    controller.cache_response(request, response, text)


@pytest.mark.parametrize("step", ["delete", "set_body", "set"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("before", [None, b"what it was"])
def test_half_an_answer_is_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, before: bytes | None, *, after: bool
) -> None:
    cache = SeparateBodyFileCache(str(tmp_path))
    request = Request("GET", "http://127.0.0.1/simple/alpha/").prepare()
    if before is not None:
        store(CacheController(cache), request, before)
    real = getattr(cache, step)

    def killed(*arguments: object, **options: object) -> None:
        if after:
            real(*arguments, **options)
        raise KilledError

    monkeypatch.setattr(cache, step, killed)
    with suppress(KilledError):
        store(RobustController(cache), request, b"what it is")
        pytest.fail("the step is not taken")
    found = CacheController(cache).cached_request(request)
    done = {("delete", False): before, ("set", True): b"what it is"}
    assert (found.read() if found else None) == done.get((step, after))
