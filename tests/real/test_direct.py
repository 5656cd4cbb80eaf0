"""Direct requests: the index sees the same request, and Poetry the same response, as without."""

from __future__ import annotations

import gzip
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from poetry.config.config import Config
from poetry.repositories import RepositoryPool
from poetry.repositories.legacy_repository import LegacyRepository
from requests import Request

from hopsworks_server import certified
from poetry_fti.bridge.index.direct import direct_requests
from poetry_fti.bridge.index.http_cache import make_robust
from rest_server import serving

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

    from poetry.utils.authenticator import Authenticator

ACCEPT = {"Accept": "text/html"}
PAGE = b'<a href="alpha-1.0-py3-none-any.whl">alpha</a>' * 1000
PATHS = {
    "page": "/simple/alpha/",
    "page that may not be kept": "/no-store/alpha/",
    "page without headers": "/bare/alpha/",
    "compressed page": "/gzip/alpha/",
    "page of unknown length": "/chunked/alpha/",
    "expired page": "/expired/alpha/",
    "expired page that changes": "/expired-and-changing/alpha/",
    "expired page without ETag": "/expired-bare/alpha/",
    "moved page": "/moved/alpha/",
    "page moved for ever": "/moved-for-ever/alpha/",
    "missing page": "/missing/alpha/",
    "page that needs a login": "/login/alpha/",
    "page after an interruption": "/cut/alpha/",
    "page after a failure": "/failing/alpha/",
    "no page at all": "/error/alpha/",
}
# Poetry's client begins anew with these.
LEFT_TO_POETRY = ("/moved", "/error", "/cut")
# By the first part of the path.
FAILURES = {
    "moved": 302,
    "moved-for-ever": 301,
    "missing": 404,
    "login": 401,
    "error": 503,
    "failing": 503,
}
HEADERS = {
    "no-store": {"ETag": '"1"', "Cache-Control": "no-store"},
    "bare": {},
    "expired-bare": {"Cache-Control": "max-age=600"},
    "gzip": {"ETag": '"1"', "Content-Encoding": "gzip", "Cache-Control": "max-age=600"},
}
METADATA = {
    "release": "/pypi/alpha/1.0/json",
    "metadata": "/files/alpha-1.0-py3-none-any.whl.metadata",
}


class Index(ThreadingHTTPServer):
    """Answers as the path says, and keeps the requests with their headers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.log: list[tuple[str, dict[str, str]]] = []

    def use(self, context: ssl.SSLContext) -> None:
        """Answer over TLS."""
        self.socket = context.wrap_socket(self.socket, server_side=True)


class _Handler(BaseHTTPRequestHandler):
    server: Index
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print no log."""

    def do_GET(self) -> None:
        path, number = self.path, len(self.server.log)
        self.server.log.append((path, dict(self.headers)))
        kind = path.split("/")[1] if path.startswith("/") else "proxy"
        status, headers, body = _answer(kind, number, self.headers.get("If-None-Match"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if kind == "cut" and not number else body)
        self.close_connection = kind == "cut"


def _answer(kind: str, number: int, known: str | None) -> tuple[int, dict[str, str], bytes]:
    """Return the answer to the request of this number."""
    age = 3600 if "expired" in kind else 0
    always = {"Date": formatdate(time.time() - age, usegmt=True), "Retry-After": "0.01"}
    status = FAILURES.get(kind, 200) if kind != "failing" or number < 2 else 200
    if status != 200:
        return status, {**always, "Location": "/simple/alpha/", "Content-Length": "0"}, b""
    etag = f'"{number}"' if kind == "expired-and-changing" else '"1"'
    headers = always | HEADERS.get(kind, {"ETag": etag, "Cache-Control": "max-age=600"})
    if known and known == headers.get("ETag"):
        return 304, {**headers, "Content-Length": "0"}, b""
    if kind == "chunked":
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE)
        return 200, {**headers, "Transfer-Encoding": "chunked"}, chunks
    body = gzip.compress(PAGE, mtime=0) if kind == "gzip" else PAGE
    return 200, {**headers, "Content-Length": str(len(body))}, body


# How long Poetry's client or a direct request would have waited.
PAUSES: list[float] = []


@pytest.fixture
def index() -> Iterator[Index]:
    with serving(Index()) as server:
        yield server


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no setting of this machine decide how an index is asked, and let nobody wait."""
    monkeypatch.setattr(time, "sleep", PAUSES.append)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@dataclass
class Client:
    """An index as Poetry sees it, with a cache."""

    index: Index
    cache: Path
    settings: dict[str, Any] = field(default_factory=dict)
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.index.server_address[1]}"

    @contextmanager
    def repository(self, *, direct: bool) -> Iterator[LegacyRepository]:
        config = Config(use_environment=False)
        config.merge({"cache-dir": str(self.cache), **self.settings})
        found = LegacyRepository("index", f"{self.url}/simple/", config=config)
        make_robust(RepositoryPool([found]))
        with direct_requests(RepositoryPool([found]), connections=2) if direct else nullcontext():
            yield found

    def get(self, path: str, *, direct: bool, times: int = 1) -> dict[str, Any]:
        """Return what the index and Poetry see of requests, and what they leave in the cache."""
        self.index.log.clear()
        PAUSES.clear()
        with self.repository(direct=direct) as repository:
            client = repository.session
            responses = [_response(client, self.url + path) for _ in range(times)]
            session = client.get_session(self.url)
            request = session.prepare_request(Request("GET", self.url + path, ACCEPT))
            controller: Any = vars(session.get_adapter(self.url))["controller"]
            kept = controller.cached_request(request)
            return {
                "log": list(self.index.log),
                "pauses": list(PAUSES),
                "responses": responses,
                "kept": kept.read(decode_content=True) if kept else None,
                "known": controller.conditional_headers(request),
            }


def _response(client: Authenticator, url: str) -> tuple[object, ...]:
    try:
        found = client.get(url, raise_for_status=False, headers=ACCEPT)
    except Exception as error:  # noqa: BLE001 - it is compared
        return type(error), str(error)
    headers = {name: text for name, text in found.headers.items() if name not in {"Date", "Server"}}
    return found.status_code, found.url, found.content, found.text, headers


@pytest.fixture
def client(index: Index, tmp_path: Path) -> Client:
    return Client(index, tmp_path)


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_pages_are_requested_and_kept_as_by_poetry(client: Client, path: str) -> None:
    expected = replace(client, cache=client.cache / "1").get(path, direct=False, times=2)
    found = replace(client, cache=client.cache / "2").get(path, direct=True, times=2)
    if path.startswith(LEFT_TO_POETRY):
        found |= {"log": dict(found["log"]), "pauses": expected["pauses"]}
        expected["log"] = dict(expected["log"])
    assert found == expected


@pytest.mark.parametrize("path", METADATA.values(), ids=METADATA)
def test_only_poetry_keeps_metadata(client: Client, path: str) -> None:
    expected = replace(client, cache=client.cache / "1").get(path, direct=False)
    found = replace(client, cache=client.cache / "2").get(path, direct=True)
    assert (found["log"], found["responses"]) == (expected["log"], expected["responses"])
    assert (expected["kept"], found["kept"]) == (PAGE, None)


def test_metadata_that_is_in_the_cache_is_used(client: Client) -> None:
    expected = client.get(METADATA["release"], direct=False)
    found = client.get(METADATA["release"], direct=True)
    assert (found["log"], found["responses"]) == ([], expected["responses"])


@pytest.mark.parametrize("source", ["configuration", "netrc"])
def test_a_login_is_sent(client: Client, source: str) -> None:
    if source == "netrc":
        (client.cache / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    else:
        client.settings["http-basic"] = {"index": {"username": "me", "password": "s3cret"}}
    found = client.get(PATHS["page"], direct=True)
    assert [headers["Authorization"] for _, headers in found["log"]] == ["Basic bWU6czNjcmV0"]


def test_a_proxy_is_used(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Index()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")
        found = client.get(PATHS["page"], direct=True)
        assert [path for path, _ in proxy.log] == [client.url + PATHS["page"]]
    assert [response[:3] for response in found["responses"]] == [
        (200, client.url + PATHS["page"], PAGE)
    ]
    assert found["log"] == []


@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_verified(client: Client, *, trusted: bool) -> None:
    context, certificate = certified(client.cache)
    client.index.use(context)
    client.scheme = "https"
    if trusted:
        client.settings["certificates"] = {"index": {"cert": str(certificate)}}
    found = client.get(PATHS["page"], direct=True)
    assert [path for path, _ in found["log"]] == ([PATHS["page"]] if trusted else [])
    assert found["responses"] == client.get(PATHS["page"], direct=False)["responses"]


def test_a_server_that_redirects_is_left_to_poetry(client: Client) -> None:
    with client.repository(direct=True) as repository:
        for name in ("a", "b"):
            assert repository.session.get(f"{client.url}/moved/{name}/").content == PAGE
    page = PATHS["page"]
    assert [path for path, _ in client.index.log] == ["/moved/a/", "/moved/a/", page, "/moved/b/"]


def test_several_threads_can_make_requests(client: Client) -> None:
    found: list[bytes] = []
    with client.repository(direct=True) as repository:

        def get(name: int) -> None:
            found.append(repository.session.get(f"{client.url}/simple/{name}/").content)

        threads = [Thread(target=get, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [PAGE] * 20
    (first, *others) = [headers for _, headers in client.index.log]
    assert others == [first] * 19


def test_poetry_gets_its_client_back(client: Client) -> None:
    with client.repository(direct=False) as repository:
        before = repository.session.request
        with direct_requests(RepositoryPool([repository]), connections=2):
            assert repository.session.request != before
        assert repository.session.request == before
