"""The comments of a pull request, or the notes of a merge request, on the loopback interface."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

TOKEN: Final = "t0ken"  # noqa: S105 - for this server only
_LOGIN: Final = {"Authorization": f"Bearer {TOKEN}", "PRIVATE-TOKEN": TOKEN}


class CommentServer(ThreadingHTTPServer):
    """Lists, creates and replaces comments at any path, for requests with the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.comments: list[dict[str, Any]] = []
        self.changes: list[str] = []

    @property
    def url(self) -> str:
        """The URL without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def bodies(self) -> list[str]:
        """The texts of all comments."""
        return [each["body"] for each in self.comments]

    def add(self, body: str) -> None:
        """Add a comment."""
        self.comments.append({"id": len(self.comments) + 1, "body": body})


class _Handler(BaseHTTPRequestHandler):
    server: CommentServer

    def do_GET(self) -> None:
        words = parse_qs(urlsplit(self.path).query)
        size, page = int(words["per_page"][0]), int(words["page"][0])
        self._answer(self.server.comments[size * (page - 1) : size * page])

    def do_POST(self) -> None:
        body = self._change()
        if body is not None:
            self.server.add(body)
            self._answer(self.server.comments[-1])

    def do_PATCH(self) -> None:
        body = self._change()
        if body is not None:
            number = int(self.path.rpartition("/")[2])
            self.server.comments[number - 1]["body"] = body
            self._answer(self.server.comments[number - 1])

    def do_PUT(self) -> None:
        self.do_PATCH()

    def log_message(self, *_: object) -> None:
        """Print no log."""

    def _change(self) -> str | None:
        body: str = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        if not any(self.headers.get(name) == value for name, value in _LOGIN.items()):
            self.send_error(HTTPStatus.FORBIDDEN)
            return None
        self.server.changes.append(f"{self.command} {self.path}")
        return body

    def _answer(self, data: object) -> None:
        text = json.dumps(data).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
