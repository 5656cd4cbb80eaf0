"""The workspace of Azure Machine Learning that is used, and the URL of its cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import requests

from poetry_fti.errors import FtiError
from poetry_fti.reading import LARGEST_TEMPLATE, read_bytes
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Each of Microsoft's variables, with its key in config.json.
_KEYS: Final = {
    "AZUREML_ARM_SUBSCRIPTION": "subscription_id",
    "AZUREML_ARM_RESOURCEGROUP": "resource_group",
    "AZUREML_ARM_WORKSPACE_NAME": "workspace_name",
}
_CLOUDS: Final = {
    "AzureCloud": "https://management.azure.com",
    "AzureChinaCloud": "https://management.chinacloudapi.cn",
    "AzureUSGovernment": "https://management.usgovcloudapi.net",
}
_CLOUD: Final = "AZUREML_CURRENT_CLOUD"
_METADATA: Final = "ARM_CLOUD_METADATA_URL"
_FOLDERS: Final = (".azureml", "aml_config", "")
_FILE: Final = "config.json"
_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace of Azure Machine Learning."""

    subscription: str
    group: str
    name: str

    @property
    def path(self) -> str:
        """The path of the workspace below the URL of its cloud."""
        subscription, group, name = (
            quote(each, safe="") for each in (self.subscription, self.group, self.name)
        )
        return (
            f"/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        )


def find_workspace(root: Path, variables: Mapping[str, str]) -> Workspace:
    """Return the workspace in Microsoft's variables, or else in the nearest `config.json`.

    The file is searched for as the SDK does, in `root` and above it. Raises FtiError if there is
    neither, or if only some of the variables are set.
    """
    values = [variables.get(name, "") for name in _KEYS]
    if all(values):
        return Workspace(*values)
    if any(values):
        missing = [name for name, value in zip(_KEYS, values, strict=True) if not value]
        raise FtiError(f"Set {joined(missing)} as well, or none of {joined(_KEYS)}.")
    for path in _candidates(root):
        data = _read(path)
        if data is not None:
            return Workspace(*(data[key] for key in _KEYS.values()))
    raise FtiError(
        f"No workspace of Azure Machine Learning is known. Set {joined(_KEYS)}, or save the"
        " workspace's config.json in the project's folder."
    )


def _candidates(root: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from (parent / folder / _FILE for parent in (root, *root.parents))


def _read(path: Path) -> dict[str, str] | None:
    """Return the data of a config.json; None for a missing file, or one of another program."""
    try:
        data = json.loads(read_bytes(path, LARGEST_TEMPLATE))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if not isinstance(data, dict) or not all(_is_name(data.get(key)) for key in _KEYS.values()):
        return None
    return data


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def find_cloud(variables: Mapping[str, str]) -> str:
    """Return the URL of the resource manager of the cloud in Microsoft's variables.

    These are `AZUREML_CURRENT_CLOUD` for a known cloud, and `ARM_CLOUD_METADATA_URL` for another
    one, whose endpoints are requested. Raises FtiError for an unknown cloud.
    """
    metadata = variables.get(_METADATA)
    name = variables.get(_CLOUD) or (None if metadata else "AzureCloud")
    if name in _CLOUDS:
        return _CLOUDS[name]
    if not metadata:
        raise FtiError(
            f'Unknown cloud "{name}" in {_CLOUD} (known: {", ".join(_CLOUDS)}). Set it to one of'
            f" these, or set {_METADATA}."
        )
    for cloud in _clouds(metadata):
        manager = cloud.get("resourceManager", "").rstrip("/")
        if manager and (cloud.get("name") == name or (name is None and manager in metadata)):
            return str(manager)
    raise FtiError(
        f"{_METADATA} does not describe the cloud{f' {name}' if name else ''}. Check it."
    )


def _clouds(url: str) -> list[dict[str, Any]]:
    try:
        response = requests.get(url, timeout=_SECONDS, allow_redirects=False)
        data = response.json() if response.status_code == HTTPStatus.OK else []
    except requests.RequestException as error:
        raise FtiError(
            f"{_METADATA} could not be read ({type(error).__name__}). Check it."
        ) from error
    clouds = data if isinstance(data, list) else [data]
    return [each for each in clouds if isinstance(each, dict)]
