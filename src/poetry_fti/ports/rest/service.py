"""A REST service that accepts and returns JSON: requests with credentials, retries and errors."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import requests

from poetry_fti.errors import FtiError
from poetry_fti.ports.rest.retries import DELAYS, wait_before_retry
from poetry_fti.urls import untrusted_host
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIMEOUT: Final = (10, 60)  # seconds to connect, and to wait for data
_BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_NOT_FOUND: Final = HTTPStatus.NOT_FOUND
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a service.

    Attributes:
        path: the path below the URL of the service, percent-encoded.
        query: the parameters of the query.
        body: is sent as JSON; None for a request without it.
        form: the fields of a form, which is sent with a file.
        file: the name and the content of the file.
    """

    method: str
    path: str
    query: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    file: tuple[str, bytes] | None = None

    def __str__(self) -> str:
        """Return the method, and the path with its query."""
        query = urlencode(self.query, doseq=True, safe="$,")
        return f"{self.method} {self.path}{'?' if query else ''}{query}"


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform's service, as messages name it.

    Attributes:
        url: the URL that the paths of calls are appended to, without a slash at the end.
        remedies: what to do about a status, as sentences.
        error_text: returns the message in the JSON of an error, or an empty string.
        is_missing: returns whether a status and the JSON of an error mean that what was requested
            does not exist.
    """

    name: str
    url: str
    remedies: Mapping[int, str]
    error_text: Callable[[Mapping[str, Any]], str]
    is_missing: Callable[[int, Mapping[str, Any]], bool] = lambda status, _: status == _NOT_FOUND


class ConflictError(FtiError):
    """The service answers 409: the state of what is changed is not the one that is expected."""


class Service:
    """Sends calls to a platform, with the credentials in an `Authorization` header.

    Each method raises FtiError with one line if the service cannot be reached, or does not answer
    as expected. The credentials are in no message.
    """

    def __init__(self, platform: Platform, scheme: str, secret: str) -> None:
        """Create a client; raises FtiError for a URL that would expose the credentials.

        `scheme` is `Bearer` or `ApiKey`, followed by the secret in the header.
        """
        host = untrusted_host(platform.url)
        if host:
            raise FtiError(
                f"{platform.name} at {host} is not used, as http would send the credentials"
                " unencrypted. Set an https URL."
            )
        self._platform = platform
        self._secret = secret
        self._header = f"{scheme} {secret}"
        self._session = requests.Session()

    def find(self, call: Call) -> Mapping[str, Any] | None:
        """Return the JSON of the response; None if what is requested does not exist."""
        response = self._response(call)
        is_missing = self._platform.is_missing(response.status_code, _json_object(response) or {})
        return None if is_missing else self._json(call, response)

    def send(self, call: Call) -> Mapping[str, Any]:
        """Return the JSON of the response, which may be empty. Raises ConflictError for a 409."""
        return self._json(call, self._response(call))

    def _response(self, call: Call) -> requests.Response:
        """Return the response, after retries while the service is busy.

        A lost connection is no reason to send a POST again, which may have taken effect.
        """
        for attempt in range(len(DELAYS) + 1):
            is_last = attempt == len(DELAYS)
            try:
                response = self._request(call)
            except requests.RequestException as error:
                if (
                    is_last
                    or call.method == "POST"
                    or isinstance(error, requests.exceptions.SSLError)
                ):
                    raise FtiError(self._unreachable(call, error)) from error
                time.sleep(DELAYS[attempt])
                continue
            if response.status_code not in _BUSY or is_last:
                return response
            if not wait_before_retry(response.headers.get("Retry-After"), attempt):
                return response
        raise AssertionError(call)

    def _request(self, call: Call) -> requests.Response:
        return self._session.request(
            call.method,
            f"{self._platform.url}{str(call).partition(' ')[2]}",
            json=call.body,
            data=call.form,
            files=None if call.file is None else {"file": call.file},
            auth=self._authorize,  # also keeps requests from reading a netrc file
            timeout=_TIMEOUT,
            allow_redirects=False,
        )

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request

    def _json(self, call: Call, response: requests.Response) -> Mapping[str, Any]:
        data = _json_object(response)
        is_done = response.ok and not response.is_redirect
        if is_done and data is not None:
            return data
        first = (
            f"{self._platform.name} answered {response.status_code}"
            f" ({_phrase(response.status_code)}) to {call.method} {call.path}"
        )
        if is_done:
            raise FtiError(f"{first} with no JSON object. Check whether a proxy has answered.")
        text = self._refused(first, response.status_code, data or {})
        if response.status_code == HTTPStatus.CONFLICT:
            raise ConflictError(text)
        raise FtiError(text)

    def _refused(self, first: str, status: int, data: Mapping[str, Any]) -> str:
        reason = self._public(self._platform.error_text(data))
        remedy = self._platform.remedies.get(status)
        if remedy is None:
            remedy = "Rerun the command later." if status in _BUSY else ""
        sentences = (f"{first}: {reason}" if reason else first, remedy)
        return " ".join(each if each.endswith(".") else f"{each}." for each in sentences if each)

    def _unreachable(self, call: Call, error: requests.RequestException) -> str:
        name, host = self._platform.name, urlsplit(self._platform.url).netloc
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return f"{name} cut off the response to {call.method} {call.path}. Rerun the command."
        is_late = isinstance(error, requests.Timeout)
        reason = "it does not respond" if is_late else self._public(_cause(error))
        return f"{name} at {host} cannot be reached: {reason}. Check the address and the network."

    def _public(self, text: str) -> str:
        """Return a text of the service on one line, without the credentials."""
        line = in_one_line(" ".join(text.split())).replace(self._secret, "***")
        return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _json_object(response: requests.Response) -> Mapping[str, Any] | None:
    """Return the JSON object of a response, which is empty without a body; None for other text."""
    try:
        data = response.json() if response.content else {}
    except requests.exceptions.JSONDecodeError:
        return None
    return data if isinstance(data, dict) else None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "unknown status"


def _cause(error: BaseException) -> str:
    """Return the first reason of the operating system or of TLS for an error."""
    cause: object = error
    while isinstance(cause, BaseException):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        reasons = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        cause = next((each for each in reasons if isinstance(each, BaseException)), None)
    return type(error).__name__
