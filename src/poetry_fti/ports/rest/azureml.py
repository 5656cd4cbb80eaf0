"""The environments of a workspace of Azure Machine Learning."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from poetry_fti.errors import FtiError, MissingExtraError
from poetry_fti.ports.rest.service import Call, Platform, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.ports.rest.azure_workspace import Workspace

_NAME: Final = "Azure Machine Learning"
_VERSION: Final = {"api-version": "2023-04-01-preview"}
_ACTIVE: Final = {**_VERSION, "listViewType": "ActiveOnly"}
_LOG_IN: Final = (
    "Log in with `az login`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET."
)
_REMEDIES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: _LOG_IN,
    HTTPStatus.FORBIDDEN: "Your identity needs the role AzureML Data Scientist in the workspace.",
    HTTPStatus.NOT_FOUND: "Check the subscription, the resource group and the workspace.",
}


def azure_token(url: str) -> str:
    """Return a token for the resource manager of a cloud, from azure-identity.

    Raises MissingExtraError without azure-identity, and FtiError if it finds no credentials.
    """
    try:
        # The library belongs to an extra, and takes a while to import.
        from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "azure":
            raise
        raise MissingExtraError("Publishing to Azure Machine Learning", "azure") from error
    # Otherwise, Python prints its warnings, of several lines for each way to log in.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    try:
        with DefaultAzureCredential() as credential:
            token: str = credential.get_token(f"{url}/.default").token
    except (ClientAuthenticationError, ValueError) as error:
        raise FtiError(f"azure-identity found no valid credentials for Azure. {_LOG_IN}") from error
    return token


def version_call(workspace: Workspace, name: str, version: str) -> Call:
    """Return the request for a version of an environment."""
    return Call("GET", _version_path(workspace, name, version), _VERSION)


def register_call(
    workspace: Workspace, name: str, version: str, properties: Mapping[str, Any]
) -> Call:
    """Return the request that registers a version of an environment."""
    path = _version_path(workspace, name, version)
    return Call("PUT", path, _VERSION, {"properties": properties})


def _version_path(workspace: Workspace, name: str, version: str) -> str:
    return f"{_environments_path(workspace)}/{quote(name)}/versions/{quote(version)}"


def _environments_path(workspace: Workspace) -> str:
    return f"{workspace.path}/environments"


class AzureEnvironments:
    """The environments of a workspace. Each method raises FtiError as `Service` does."""

    def __init__(self, workspace: Workspace, url: str, token: str) -> None:
        """Create a client for the cloud whose resource manager has a URL."""
        self._workspace = workspace
        self._service = Service(Platform(_NAME, url, _REMEDIES, _error_text), "Bearer", token)

    def find(self, name: str, version: str) -> Mapping[str, Any] | None:
        """Return the properties of a version; None if it is not registered."""
        found = self._service.find(version_call(self._workspace, name, version))
        return None if found is None else _properties(found)

    def register(self, name: str, version: str, properties: Mapping[str, Any]) -> None:
        """Register a version; raises ConflictError if it exists with other properties."""
        self._service.send(register_call(self._workspace, name, version, properties))

    def names(self) -> list[str]:
        """Return the names of all environments of the workspace that are not archived."""
        return [str(each.get("name")) for each in self._list(_environments_path(self._workspace))]

    def versions(self, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each version of an environment that is not archived, with its properties."""
        for each in self._list(f"{_environments_path(self._workspace)}/{quote(name)}/versions"):
            yield str(each.get("name")), _properties(each)

    def _list(self, path: str) -> Iterator[Mapping[str, Any]]:
        call: Call | None = Call("GET", path, _ACTIVE)
        while call is not None:
            page = self._service.send(call)
            values = page.get("value")
            if not isinstance(values, list):
                raise FtiError(f"{_NAME} answered {call.path} without a list of environments.")
            yield from (each for each in values if isinstance(each, dict))
            # The path and the host remain the same, whatever the link has.
            link = page.get("nextLink")
            call = Call("GET", path, dict(parse_qsl(urlsplit(link).query))) if link else None


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    found = resource.get("properties")
    return found if isinstance(found, dict) else {}


def _error_text(data: Mapping[str, Any]) -> str:
    error = data.get("error")
    return str(error.get("message", "")) if isinstance(error, dict) else ""
