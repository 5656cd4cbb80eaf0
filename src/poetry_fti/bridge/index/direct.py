"""Requests of pages and metadata, without most of what `requests` does again for each of them."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cachecontrol import CacheControlAdapter
from poetry.utils.constants import REQUESTS_TIMEOUT, RETRY_AFTER_HEADER, STATUS_FORCELIST
from requests import PreparedRequest, Request, codes
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3 import HTTPResponse

from poetry_fti.bridge.index.monitoring.monitored import http_repositories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cachecontrol import CacheController
    from poetry.repositories import RepositoryPool
    from poetry.utils.authenticator import Authenticator, RepositoryCertificateConfig
    from poetry.utils.password_manager import HTTPAuthCredential
    from requests import Response, Session
    from requests.structures import CaseInsensitiveDict

# What ends the URLs of metadata, which Poetry keeps in a cache of its own.
_METADATA: Final = ("/json", ".metadata")
# Seconds before a request is repeated, as in Authenticator.
_PAUSE: Final = 0.5


@contextmanager
def direct_requests(pool: RepositoryPool, connections: int) -> Iterator[None]:
    """Let the indexes of a pool make direct requests inside the context, as far as possible.

    Up to `connections` to each server are kept open.
    """
    with ExitStack() as restoring:
        for repository in http_repositories(pool):
            session = repository.session
            direct = DirectRequests(session, connections)
            restoring.callback(direct.close)
            restoring.callback(vars(session).__setitem__, "request", session.request)
            vars(session)["request"] = direct.request
        yield


@dataclass(frozen=True, slots=True)
class _Settings:
    """What all requests to one server have in common."""

    headers: CaseInsensitiveDict[str]
    options: Mapping[str, Any]  # of HTTPAdapter.send


class DirectRequests:
    """Makes the requests of one index in two thirds of the time that Poetry's client takes.

    Headers, login, proxy and certificates are found out once for each server. Pages are kept by
    CacheControl as ever, metadata only by Poetry, in a cache of its own. Whatever fails is left to
    Poetry's client, which repeats the request, and so is all that a server has after its first
    redirect. The methods may be called by several threads.
    """

    def __init__(self, client: Authenticator, connections: int) -> None:
        self._client = client
        self._request = client.request
        self._adapter = HTTPAdapter(pool_maxsize=connections)
        self._settings: dict[tuple[object, ...], _Settings] = {}
        self._redirecting: set[str] = set()  # hosts with ports

    def request(
        self,
        method: str,
        url: str,
        raise_for_status: bool = True,  # noqa: FBT001, FBT002 - Authenticator.request has it so
        **options: Any,  # noqa: ANN401 - Poetry's
    ) -> Response:
        """Make a request; see `Authenticator.request`."""
        response = None
        if method == "get" and options.keys() <= {"headers", "timeout"}:
            timeout = options.get("timeout", REQUESTS_TIMEOUT)
            response = self._direct_response(url, options.get("headers") or {}, timeout)
        if response is not None:
            for hook in self._client.get_session(url).hooks["response"]:
                hook(response)
            if response.status_code not in STATUS_FORCELIST:
                if raise_for_status:
                    response.raise_for_status()
                return response
            time.sleep(float(response.headers.get(RETRY_AFTER_HEADER) or _PAUSE))
        return self._request(method, url, raise_for_status=raise_for_status, **options)

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def _direct_response(
        self, url: str, headers: Mapping[str, str], timeout: float
    ) -> Response | None:
        """Return a response that is no redirect, or None if Poetry's client has to request it."""
        session, host = self._client.get_session(url), urlsplit(url).netloc
        adapter = session.get_adapter(url)
        # An adapter of another kind may do what nobody knows here.
        if type(adapter) is not CacheControlAdapter or host in self._redirecting:
            return None
        try:
            settings = self._settings_for(session, url, headers)
            request = PreparedRequest()
            request.method, request.url, request.headers = "GET", url, settings.headers.copy()
            begin = time.perf_counter()
            response = self._cached(request, adapter.controller)
            if response is None:
                options = {**settings.options, "timeout": timeout}
                response = self._sent(request, adapter.controller, options)
        except Exception:  # noqa: BLE001 - Poetry repeats the request, and reports what is wrong
            return None
        if response.status_code in range(300, 400):
            response.close()
            self._redirecting.add(host)
            return None
        response.elapsed = timedelta(seconds=time.perf_counter() - begin)
        return response

    def _cached(self, request: PreparedRequest, controller: CacheController) -> Response | None:
        cached = controller.cached_request(request)
        return self._from_cache(request, cached) if cached else None

    def _sent(
        self, request: PreparedRequest, controller: CacheController, options: Mapping[str, Any]
    ) -> Response:
        request.headers.update(controller.conditional_headers(request))
        response = self._adapter.send(request, **options)
        raw = response.raw
        body = raw.read(decode_content=False)
        if raw.status == codes.not_modified:
            return self._from_cache(request, controller.update_cached_response(request, raw))
        if not str(request.url).endswith(_METADATA):
            controller.cache_response(request, raw, body)
        response.raw = HTTPResponse(BytesIO(body), raw.headers, raw.status, preload_content=False)
        return response

    def _from_cache(self, request: PreparedRequest, cached: HTTPResponse) -> Response:
        response = self._adapter.build_response(request, cached)
        vars(response)["from_cache"] = True  # as CacheControlAdapter does
        return response

    def _settings_for(self, session: Session, url: str, headers: Mapping[str, str]) -> _Settings:
        login = self._client.get_credentials_for_url(url)
        certificates = self._client.get_certs_for_url(url)
        key = (urlsplit(url)[:2], *headers.items(), login.username, login.password, certificates)
        if key not in self._settings:
            request = Request("GET", url, dict(headers), auth=_auth(login))
            options = session.merge_environment_settings(
                url, {}, stream=True, **_certificate_options(certificates)
            )
            self._settings[key] = _Settings(session.prepare_request(request).headers, options)
        return self._settings[key]


def _auth(login: HTTPAuthCredential) -> HTTPBasicAuth | None:
    if login.username is None and login.password is None:
        return None
    return HTTPBasicAuth(login.username or "", login.password or "")


def _certificate_options(certificates: RepositoryCertificateConfig) -> dict[str, Any]:
    verify = certificates.cert or certificates.verify
    client = certificates.client_cert
    return {
        "verify": verify if isinstance(verify, bool) else str(verify),
        "cert": str(client) if client else None,
    }
