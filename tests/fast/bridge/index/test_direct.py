"""Direct requests of an index whose answers come from memory, and what is left to Poetry's client.

``tests/real/test_direct.py`` compares them with those of Poetry's client on a real server.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from email.utils import formatdate
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import requests
from poetry.config.config import Config
from poetry.repositories import RepositoryPool
from poetry.repositories.legacy_repository import LegacyRepository
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from poetry_fti.bridge.index.direct import direct_requests
from poetry_fti.bridge.index.http_cache import make_robust

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from poetry.utils.authenticator import Authenticator
    from requests import PreparedRequest, Response

ADDRESS = "https://index.example"
KEPT = {"ETag": '"1"', "Cache-Control": "max-age=600"}


@dataclass(frozen=True)
class Answer:
    """What the index answers, at an age in seconds."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: dict(KEPT))
    age: int = 0


@dataclass
class Index:
    """Gives one answer after the other, and keeps the requests with the name of their client."""

    answers: list[Answer | requests.ConnectionError] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    sent: list[dict[str, str]] = field(default_factory=list)

    def answered(self, adapter: HTTPAdapter, request: PreparedRequest) -> Response:
        """Return the next answer; raises it if it is an error."""
        client = "direct" if type(adapter) is HTTPAdapter else "Poetry"
        self.log.append((client, str(request.path_url)))
        self.sent.append(dict(request.headers))
        answer = self.answers.pop(0) if self.answers else Answer()
        if isinstance(answer, requests.ConnectionError):
            raise answer
        date = formatdate(time.time() - answer.age, usegmt=True)
        body = BytesIO(b"" if answer.status == 304 else b"a page")
        raw = HTTPResponse(
            body, {"Date": date, **answer.headers}, answer.status, preload_content=False
        )
        return adapter.build_response(request, raw)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Index:
    found = Index()

    def send(adapter: HTTPAdapter, request: PreparedRequest, *_: object, **__: object) -> Response:
        return found.answered(adapter, request)

    monkeypatch.setattr(HTTPAdapter, "send", send)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    return found


@contextmanager
def opened(cache: Path, **settings: object) -> Iterator[Authenticator]:
    """Yield the client of an index, whose requests are direct ones where they can be."""
    config = Config(use_environment=False)
    config.merge({"cache-dir": str(cache), **settings})
    pool = RepositoryPool([LegacyRepository("index", f"{ADDRESS}/simple/", config=config)])
    make_robust(pool)
    with direct_requests(pool, connections=2):
        (repository,) = pool.repositories
        assert isinstance(repository, LegacyRepository)
        yield repository.session


def test_a_page_is_requested_with_the_login_and_kept(index: Index, tmp_path: Path) -> None:
    login = {"http-basic": {"index": {"username": "me", "password": "s3cret"}}}
    with opened(tmp_path, **login) as client:
        found = [client.get(f"{ADDRESS}/simple/alpha/") for _ in range(2)]
    assert [response.content for response in found] == [b"a page"] * 2
    assert index.log == [("direct", "/simple/alpha/")]
    assert index.sent[0]["Authorization"] == "Basic bWU6czNjcmV0"


def test_a_page_that_expires_is_requested_if_it_has_changed(index: Index, tmp_path: Path) -> None:
    index.answers = [Answer(age=3600), Answer(304)]
    with opened(tmp_path) as client:
        found = [client.get(f"{ADDRESS}/simple/alpha/") for _ in range(2)]
    assert [response.content for response in found] == [b"a page"] * 2
    assert [headers.get("If-None-Match") for headers in index.sent] == [None, '"1"']


def test_metadata_is_left_to_the_cache_of_poetry(index: Index, tmp_path: Path) -> None:
    path = "/files/alpha-1.0-py3-none-any.whl.metadata"
    with opened(tmp_path) as client:
        for _ in range(2):
            client.get(ADDRESS + path)
    assert index.log == [("direct", path)] * 2


@pytest.mark.parametrize(
    "failure", [Answer(503, {"Retry-After": "0"}), requests.ConnectionError("closed")], ids=str
)
def test_what_fails_is_repeated_by_poetry(
    index: Index, tmp_path: Path, failure: Answer | requests.ConnectionError
) -> None:
    index.answers = [failure]
    with opened(tmp_path) as client:
        for name in ("alpha", "beta"):
            assert client.get(f"{ADDRESS}/{name}/").content == b"a page"
    assert index.log == [("direct", "/alpha/"), ("Poetry", "/alpha/"), ("direct", "/beta/")]


def test_a_server_that_redirects_is_left_to_poetry(index: Index, tmp_path: Path) -> None:
    moved = Answer(302, {"Location": "/simple/alpha/"})
    index.answers = [moved, moved]
    with opened(tmp_path) as client:
        for name in ("alpha", "beta"):
            assert client.get(f"{ADDRESS}/{name}/").content == b"a page"
    assert index.log == [
        ("direct", "/alpha/"),
        ("Poetry", "/alpha/"),
        ("Poetry", "/simple/alpha/"),
        ("Poetry", "/beta/"),
    ]


def test_an_adapter_of_another_kind_is_left_to_poetry(index: Index, tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        client.get_session(ADDRESS).mount(ADDRESS, type("Other", (HTTPAdapter,), {})())
        assert client.get(f"{ADDRESS}/alpha/").content == b"a page"
    assert index.log == [("Poetry", "/alpha/")]


def test_another_method_is_left_to_poetry(index: Index, tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        client.request("head", f"{ADDRESS}/files/alpha.whl")
    assert index.log == [("Poetry", "/files/alpha.whl")]


@pytest.mark.parametrize("raises", [True, False])
def test_a_missing_page_is_an_answer_or_an_error(
    index: Index, tmp_path: Path, *, raises: bool
) -> None:
    index.answers = [Answer(404, {})]
    noticed: list[Response] = []
    with opened(tmp_path) as client:
        client.get_session(ADDRESS).hooks["response"].append(noticed.append)
        with pytest.raises(requests.HTTPError, match="404") if raises else nullcontext():
            client.get(f"{ADDRESS}/simple/alpha/", raise_for_status=raises)
    assert index.log == [("direct", "/simple/alpha/")]
    assert [response.status_code for response in noticed] == [404]
