"""A platform's REST service on the loopback interface: it records requests, and has faults."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the service has received it; the body is parsed if it is JSON."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def line(self) -> str:
        """The method and the path with its query."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Fault:
    """The response to the next request whose method and path contain a text.

    With `cut`, the connection is closed after half of the body.
    """

    part: str
    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


class RestServer(ThreadingHTTPServer):
    """A service, whose `answer` returns the status and the JSON of the response to a request."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "http" if context is None else "https"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.requests: list[Request] = []
        self.faults: list[Fault] = []

    def answer(self, request: Request) -> tuple[int, Any]:
        """Return the status and the JSON of the response."""
        raise NotImplementedError(request.line)

    @property
    def url(self) -> str:
        """The URL without a path."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    @property
    def lines(self) -> list[str]:
        """The methods and paths of all requests."""
        return [each.line for each in self.requests]

    def fault(self, request: Request) -> Fault | None:
        """Remove and return the first fault that a request has."""
        for fault in self.faults:
            if fault.part in request.line:
                self.faults.remove(fault)
                return fault
        return None


_S = TypeVar("_S", bound=ThreadingHTTPServer)


@contextmanager
def serving(server: _S) -> Iterator[_S]:
    """Yield a service that answers, and end it afterwards."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: RestServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def log_message(self, *_: object) -> None:
        """Print no log."""

    def _handle(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_json = "json" in self.headers.get("Content-Type", "")
        body = json.loads(content) if is_json and content else content.decode() or None
        request = Request(self.command, self.path, body, dict(self.headers))
        self.server.requests.append(request)
        fault = self.server.fault(request)
        if fault is None:
            self._send(*self.server.answer(request), {})
        elif fault.cut:
            self._send(*self.server.answer(request), {}, cut=True)
        else:
            self._send(fault.status, fault.data, fault.headers)

    def _send(
        self, status: int, data: object, headers: Mapping[str, str], *, cut: bool = False
    ) -> None:
        text = (data if isinstance(data, str) else json.dumps(data)).encode()
        self.send_response(status)
        kind = "text/html" if isinstance(data, str) else "application/json"
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text[: len(text) // 2] if cut else text)
        self.close_connection = self.close_connection or cut
