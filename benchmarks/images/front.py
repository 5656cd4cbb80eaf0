"""A loopback index before the one that pip is configured for.

It tells the sizes of files as pip's own default does: not every mirror does, and layers go by them.
"""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote, urljoin

import requests
from benchmarks.tools import output

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON: Final = "application/vnd.pypi.simple.v1+json"
_TIMEOUT: Final = 60

_DEFAULT: Final = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"


class _Page(NamedTuple):
    status: int
    content_type: str
    body: bytes


@contextmanager
def front() -> Iterator[str]:
    """Serve the configured index and yield the URL of its simple pages."""
    upstream = configured_index()

    @cache
    def page(name: str) -> _Page:
        return _page(upstream, name)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            match self.path.split("/")[1:]:
                case ["simple", name, ""]:
                    self._send(page(name))
                case _:
                    self._send(_Page(HTTPStatus.NOT_FOUND, "text/plain", b""))

        def _send(self, answer: _Page) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Keep the table free of requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple/"
        finally:
            server.shutdown()
            thread.join()


def configured_index() -> str:
    """Return the URL of the index that pip takes packages from, variables before files."""
    settings = output(sys.executable, "-m", "pip", "config", "list").splitlines()
    found = [line.partition("=") for line in settings if ".index-url=" in line]
    found.sort(key=lambda each: each[0].startswith(":env:"))
    url = shlex.split(found[-1][2])[0] if found else output(sys.executable, "-c", _DEFAULT)
    return f"{url.rstrip('/')}/"


def _page(upstream: str, name: str) -> _Page:
    url = f"{upstream}{name}/"
    answer = requests.get(url, headers={"Accept": _JSON}, timeout=_TIMEOUT)
    kind = answer.headers.get("Content-Type", "")
    if not answer.ok:
        return _Page(answer.status_code, kind, answer.content)
    if kind.startswith(_JSON):
        files = answer.json()["files"]
    else:
        links = _Links()
        links.feed(answer.text)
        sizes = _sizes(upstream, name)
        files = [{**file, **sizes.get(file["filename"], {})} for file in links.files]
    absolute = [{**file, "url": urljoin(url, file["url"])} for file in files]
    page = {"meta": {"api-version": "1.0"}, "name": name, "files": absolute}
    return _Page(HTTPStatus.OK, _JSON, json.dumps(page).encode())


class _Links(HTMLParser):
    """The files of a page of links, as pages of the other kind have them."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        url, _, fragment = (given.get("href") or "").partition("#")
        if tag == "a":
            kind, _, digest = fragment.partition("=")
            entry = {
                "filename": unquote(url.rpartition("/")[2]),
                "url": url,
                "hashes": {kind: digest} if digest else {},
                "requires-python": given.get("data-requires-python"),
                "yanked": "data-yanked" in given,
            }
            self.files.append(entry)


def _sizes(upstream: str, name: str) -> dict[str, dict[str, int]]:
    answer = requests.get(urljoin(upstream, f"../pypi/{name}/json"), timeout=_TIMEOUT)
    lists = answer.json()["releases"].values() if answer.ok else ()
    return {file["filename"]: {"size": file["size"]} for files in lists for file in files}
