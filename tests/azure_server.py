"""The part of Azure that knows environments, and a managed identity, on the loopback interface."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from rest_server import RestServer

if TYPE_CHECKING:
    from rest_server import Request

TOKEN: Final = "azure-t0ken"  # noqa: S105 - for this server only
SECRET: Final = "identity-s3cret"  # noqa: S105 - for this server only
WORKSPACE: Final = (
    "/subscriptions/sub-1/resourceGroups/ml-group"
    "/providers/Microsoft.MachineLearningServices/workspaces/credit-ws"
)
VARIABLES: Final = {
    "AZUREML_ARM_SUBSCRIPTION": "sub-1",
    "AZUREML_ARM_RESOURCEGROUP": "ml-group",
    "AZUREML_ARM_WORKSPACE_NAME": "credit-ws",
    "IDENTITY_HEADER": SECRET,
    # Of the credentials that azure-identity tries, only that of a managed identity.
    "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
}
_PATH: Final = re.compile(rf"{WORKSPACE}/environments(?:/([^/]+)/versions(?:/([^/]+))?)?")


class AzureServer(RestServer):
    """Registers versions of environments, which cannot be changed, and lists them by pages."""

    def __init__(self, page: int = 2) -> None:
        super().__init__()
        self.page = page
        self.versions: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of a client."""
        return {
            **VARIABLES,
            "IDENTITY_ENDPOINT": f"{self.url}/identity",
            "ARM_CLOUD_METADATA_URL": f"{self.url}/metadata/endpoints?api-version=2019-05-01",
        }

    @property
    def changes(self) -> list[str]:
        """The methods and paths of the requests that may have changed something."""
        return [each.line for each in self.requests if each.method != "GET"]

    def answer(self, request: Request) -> tuple[int, Any]:
        """Answer as the service does."""
        path, query = urlsplit(request.path).path, parse_qs(urlsplit(request.path).query)
        if path == "/metadata/endpoints":
            return 200, [_cloud(self.url)]
        if path == "/identity":
            return self._token(request, query)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, _error("InvalidAuthenticationToken", "The access token is invalid.")
        found = _PATH.fullmatch(path)
        if found is None or query["api-version"] != ["2023-04-01-preview"]:
            return 404, _error("ResourceNotFound", f"The Resource '{path}' was not found.")
        name, version = found.groups()
        if version is not None:
            return self._version(request, (name, version))
        return self._list(name, int(query.get("$skip", ["0"])[0]), path)

    def _token(self, request: Request, query: dict[str, list[str]]) -> tuple[int, Any]:
        # azure-identity copies the name of the header as it is, http.client changes it.
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("x-identity-header") != SECRET or query["resource"] != [self.url]:
            return 400, {"statusCode": 400, "message": "no identity"}
        return 200, {
            "access_token": TOKEN,
            "expires_on": "4102444800",
            "resource": self.url,
            "token_type": "Bearer",
        }

    def _version(self, request: Request, key: tuple[str, str]) -> tuple[int, Any]:
        known = self.versions.get(key)
        if request.method == "GET" and known is None:
            return 404, _error("UserError", "Not found the environment {}:{}.".format(*key))
        if request.method == "PUT":
            sent = request.body["properties"]
            if known is not None and known != sent:
                return 409, _error("UserError", "The version exists and cannot be changed.")
            self.versions[key] = sent
        return (201 if known is None else 200), self._resource(key)

    def _resource(self, key: tuple[str, str]) -> dict[str, Any]:
        name, version = key
        return {
            "id": f"{WORKSPACE}/environments/{name}/versions/{version}",
            "name": version,
            "type": "Microsoft.MachineLearningServices/workspaces/environments/versions",
            "properties": {
                "environmentType": "UserCreated",
                "osType": "Linux",
                **self.versions[key],
            },
            "systemData": {"createdAt": "2026-11-29T10:00:00Z", "createdBy": "Someone"},
        }

    def _list(self, name: str | None, start: int, path: str) -> tuple[int, Any]:
        if name is None:
            items = [_container(each) for each in sorted({key[0] for key in self.versions})]
        else:
            items = [self._resource(key) for key in self.versions if key[0] == name]
            if not items:
                return 404, _error("UserError", f"Not found the environment {name}.")
        end = start + self.page
        next_link = (
            f"{self.url}{path}?api-version=2023-04-01-preview&listViewType=ActiveOnly&$skip={end}"
        )
        more = {"nextLink": next_link} if end < len(items) else {}
        return 200, {"value": items[start:end], **more}


def _container(name: str) -> dict[str, Any]:
    return {
        "id": f"{WORKSPACE}/environments/{name}",
        "name": name,
        "type": "Microsoft.MachineLearningServices/workspaces/environments",
        "properties": {"tags": {}, "isArchived": False},
    }


def _cloud(url: str) -> dict[str, Any]:
    """Return a cloud of which everything has the same URL."""
    return {
        "name": "Loopback",
        "portal": "https://portal.azure.com/",
        "authentication": {"loginEndpoint": f"{url}/"},
        "resourceManager": url,
        "suffixes": {"storage": "core.windows.net"},
    }


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
