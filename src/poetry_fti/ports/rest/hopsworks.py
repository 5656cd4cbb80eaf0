"""A project of Hopsworks: its environments, files, jobs and deployments."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.ports.rest.hopsworks_calls import HopsworksCalls, project_call
from poetry_fti.ports.rest.service import Platform, Service
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.ports.rest.service import Call

NEW_DEPLOYMENT: Final[Mapping[str, Any]] = {
    "requestedInstances": 1,
    "predictorResources": {
        "requests": {"cores": 0.2, "memory": 32, "gpus": 0},
        "limits": {"cores": 2, "memory": 1024, "gpus": 0},
    },
    "batchingConfiguration": {"batchingEnabled": False},
    "predictorScalingConfig": {"minInstances": 1},
}
"""The settings of a new deployment, as Hopsworks' client has them; memory is in MB."""
_API: Final = "/hopsworks-api/api"
_HOST: Final = "eu-west.cloud.hopsworks.ai"
# The codes of a missing environment, library and deployment, and the range of those of files.
_MISSING: Final = (300000, 300003, 240000)
_FILE_ERRORS: Final = range(110000, 111000)
_SECONDS: Final = 5.0
_LONGEST: Final = 30 * 60.0
_LONGEST_REASON: Final = 300
_REMEDIES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "Set HOPSWORKS_API_KEY to a valid key.",
    HTTPStatus.FORBIDDEN: "The key needs the scopes project, python, job, dataset and serving.",
    HTTPStatus.NOT_FOUND: "Check HOPSWORKS_HOST and HOPSWORKS_PROJECT.",
    HTTPStatus.CONFLICT: "Rerun the command to continue with what exists.",
}


@dataclass(frozen=True, slots=True)
class HopsworksSettings:
    """Where Hopsworks is, and the project in it."""

    host: str
    port: str
    project: str


def hopsworks_settings(variables: Mapping[str, str]) -> HopsworksSettings:
    """Return the settings in the variables of Hopsworks' client.

    Raises FtiError if they name no project, or no valid port.
    """
    project = variables.get("HOPSWORKS_PROJECT")
    if not project:
        raise FtiError("No project of Hopsworks is known. Set HOPSWORKS_PROJECT.")
    host, port = variables.get("HOPSWORKS_HOST") or _HOST, variables.get("HOPSWORKS_PORT") or "443"
    if not port.isdecimal() or not set(host).isdisjoint("/@?#:\\ "):
        raise FtiError("HOPSWORKS_HOST must be the name of a host, and HOPSWORKS_PORT a number.")
    return HopsworksSettings(host, port, project)


@dataclass(frozen=True, slots=True)
class HopsworksEnvironment:
    """An environment: the versions of its libraries by name, and whether a command changes it."""

    libraries: Mapping[str, str]
    is_busy: bool


class HopsworksProject:
    """A client for a project. Each method raises FtiError as `Service` does."""

    def __init__(self, settings: HopsworksSettings, variables: Mapping[str, str]) -> None:
        """Connect with the key in `HOPSWORKS_API_KEY`; raises FtiError without one."""
        key = variables.get("HOPSWORKS_API_KEY", "").strip()
        if not key:
            raise FtiError("No API key of Hopsworks is known. Set HOPSWORKS_API_KEY.")
        url = f"https://{settings.host}:{settings.port}{_API}"
        self._service = Service(
            Platform("Hopsworks", url, _REMEDIES, _error_text, _is_missing), "ApiKey", key
        )
        number = self._service.send(project_call(settings.project)).get("projectId")
        if not isinstance(number, int):
            raise FtiError(f'Hopsworks returned no number for the project "{settings.project}".')
        self.calls = HopsworksCalls(settings.project, str(number))

    def environment(self, name: str) -> HopsworksEnvironment | None:
        """Return an environment; None if there is none of that name."""
        found = self._service.find(self.calls.environment(name))
        if found is None:
            return None
        items = _items(found.get("libraries"))
        libraries = {str(each.get("library")): str(each.get("version")) for each in items}
        return HopsworksEnvironment(libraries, _status(found) not in ("", "SUCCESS", "FAILED"))

    def create_environment(self, name: str, base: str) -> None:
        """Make an environment from another one; it can be changed when it is no longer busy."""
        self._service.send(self.calls.create_environment(name, base))

    def wait_for_environment(self, name: str) -> str:
        """Wait until the environment is not busy, and return why its last command has failed.

        The reason is an empty string if it has succeeded. Raises FtiError after half an hour.
        """
        return self._wait(self.calls.environment_progress(name), name)

    def upload(self, name: str, content: bytes) -> None:
        """Upload a file, unless there is one with this name, which contains a digest."""
        if self._service.find(self.calls.file(name)) is None:
            self._service.send(self.calls.upload(name, content))

    def install(self, environment: str, name: str) -> str:
        """Install an uploaded requirements file, wait, and return why it failed.

        The reason is an empty string if it has succeeded. Raises FtiError after half an hour.
        """
        self._service.send(self.calls.install(environment, name))
        return self._wait(self.calls.installation_progress(environment, name), environment)

    def save_job(self, name: str, settings: Mapping[str, Any], *, spark: bool) -> None:
        """Create or replace a job; other settings than these have their defaults."""
        defaults = self._service.send(self.calls.job_configuration(spark=spark))
        self._service.send(self.calls.save_job(name, {**defaults, **settings}))

    def save_deployment(self, deployment: Mapping[str, Any]) -> None:
        """Create a deployment, or change these settings of the one with this name."""
        found = self._service.find(self.calls.deployment(deployment["name"]))
        kept = NEW_DEPLOYMENT if found is None else found
        self._service.send(self.calls.save_deployment({**kept, **deployment}))

    def _wait(self, call: Call, environment: str) -> str:
        deadline = time.monotonic() + _LONGEST
        while time.monotonic() < deadline:
            found = self._service.find(call)
            status = "" if found is None else _status(found)
            # A requirements file is replaced by the libraries that have been installed.
            if found is None or status in ("", "SUCCESS"):
                return ""
            if status == "FAILED":
                return _reason(found)
            time.sleep(_SECONDS)
        raise FtiError(
            f"The environment {environment} has been busy for half an hour. Look at its page in"
            " Hopsworks, then rerun the command to continue."
        )


def _items(collection: object) -> list[Mapping[str, Any]]:
    items = collection.get("items") if isinstance(collection, dict) else None
    return [each for each in items or () if isinstance(each, dict)]


def _status(resource: Mapping[str, Any]) -> str:
    """Return the status of the last command; an empty string without one."""
    return next((str(each.get("status")) for each in _items(resource.get("commands"))), "")


def _reason(resource: Mapping[str, Any]) -> str:
    command = next(iter(_items(resource.get("commands"))), {})
    text = " ".join(str(command.get("errorMessage") or "unknown reason").split())
    return in_one_line(text[-_LONGEST_REASON:]).rstrip(".")


def _is_missing(status: int, data: Mapping[str, Any]) -> bool:
    """Return whether an error means that there is no such environment, library, or the like.

    Hopsworks answers some of them with 400, and a code of its own.
    """
    code = data.get("errorCode")
    is_known = isinstance(code, int) and (code in _MISSING or code in _FILE_ERRORS)
    return status == HTTPStatus.NOT_FOUND or (status == HTTPStatus.BAD_REQUEST and is_known)


def _error_text(data: Mapping[str, Any]) -> str:
    return str(data.get("usrMsg") or data.get("errorMsg") or "")
