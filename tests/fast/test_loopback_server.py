"""The loopback index over HTTP: headers, copies, prefixes, failures."""

from __future__ import annotations

import base64
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING

import pytest

from loopback.failures import GARBAGE, Request
from loopback.index import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopback.index import LoopbackIndex

PAGE = "/simple/alpha/"


@pytest.fixture
def connection(own_index: LoopbackIndex) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection("127.0.0.1", own_index.port, timeout=10)
    yield client
    client.close()


def ask(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=sent)
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def test_headers_of_an_answer(connection: http.client.HTTPConnection) -> None:
    status, headers, body = ask(connection, PAGE)
    assert status == 200
    assert headers["Cache-Control"] == "max-age=600, public"
    assert headers["Content-Length"] == str(len(body))
    assert headers["Vary"] == "Accept"


def test_a_connection_is_kept(connection: http.client.HTTPConnection) -> None:
    ask(connection, PAGE)
    first = connection.sock
    ask(connection, PAGE)
    assert connection.sock is first


def test_a_copy_is_still_good(connection: http.client.HTTPConnection) -> None:
    _, headers, _ = ask(connection, PAGE)
    status, again, body = ask(connection, PAGE, If_None_Match=f'"other", W/{headers["ETag"]}')
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert ask(connection, PAGE, If_None_Match='"other"')[0] == 200


def test_head_has_no_body(connection: http.client.HTTPConnection) -> None:
    _, headers, body = ask(connection, PAGE)
    _, same, nothing = ask(connection, PAGE, "HEAD")
    assert (same["Content-Length"], nothing) == (str(len(body)), b"")
    assert headers["ETag"] == same["ETag"]


def test_a_local_version_is_private(connection: http.client.HTTPConnection) -> None:
    assert b"+cpu" not in ask(connection, "/simple/torchish/")[2]
    assert b"+cpu" in ask(connection, "/private/simple/torchish/")[2]
    path = "/private/files/torchish-2.1%2Bcpu-py3-none-any.whl"
    assert ask(connection, path)[2].startswith(b"PK")
    assert ask(connection, "/private/simple/numpy/")[0] == 404


def test_a_guarded_index_asks_who_it_is(connection: http.client.HTTPConnection) -> None:
    path = "/guarded/simple/corp-metrics/"
    status, headers, _ = ask(connection, path)
    assert (status, headers["WWW-Authenticate"]) == (401, 'Basic realm="loopback"')
    right = base64.b64encode(":".join(CREDENTIALS).encode()).decode()
    assert ask(connection, path, Authorization=f"Basic {right}")[0] == 200
    assert ask(connection, path, Authorization=f"Basic x{right}")[0] == 401


def test_what_was_asked_is_logged(
    own_index: LoopbackIndex, connection: http.client.HTTPConnection
) -> None:
    ask(connection, PAGE)
    ask(connection, "/nowhere", "HEAD")
    assert own_index.requests == [Request("GET", PAGE, 200), Request("HEAD", "/nowhere", 404)]


def test_an_error_on_demand(
    own_index: LoopbackIndex, connection: http.client.HTTPConnection
) -> None:
    own_index.fail("http-500", inside="/alpha/")
    assert ask(connection, PAGE)[0] == 500
    assert ask(connection, "/simple/native/")[0] == 200
    own_index.fail(None)
    assert ask(connection, PAGE)[0] == 200


def test_garbage_on_demand(
    own_index: LoopbackIndex, connection: http.client.HTTPConnection
) -> None:
    own_index.fail("garbage")
    status, headers, body = ask(connection, PAGE)
    assert (status, body, headers["ETag"]) == (200, GARBAGE, None)


def test_a_dropped_connection(
    own_index: LoopbackIndex, connection: http.client.HTTPConnection
) -> None:
    own_index.fail("drop")
    with pytest.raises(http.client.RemoteDisconnected):
        ask(connection, PAGE)
    assert own_index.requests == [Request("GET", PAGE, 0)]


def test_a_hanging_answer(own_index: LoopbackIndex, connection: http.client.HTTPConnection) -> None:
    own_index.fail("hang")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, connection, PAGE)
        with pytest.raises(FutureTimeout):
            asked.result(timeout=0.2)
        own_index.fail(None)
        with pytest.raises(http.client.RemoteDisconnected):
            asked.result(timeout=10)


def test_latency(own_index: LoopbackIndex, connection: http.client.HTTPConnection) -> None:
    own_index.latency = 0.1
    start = time.monotonic()
    ask(connection, PAGE)
    assert time.monotonic() - start >= 0.1


def test_answers_are_quick(connection: http.client.HTTPConnection) -> None:
    ask(connection, PAGE)
    start = time.monotonic()
    for _ in range(50):
        ask(connection, PAGE)
    assert time.monotonic() - start < 50 * 0.03  # a delayed ACK costs 0.04 each
