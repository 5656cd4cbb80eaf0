"""The requests of Hopsworks' REST service for environments, files, jobs and deployments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from poetry_fti.ports.rest.service import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = "Resources"
"""The folder of the project that files are uploaded to."""
_CHUNK: Final = 10 << 20  # as the client's


def project_call(project: str) -> Call:
    """Return the request for the number of a project."""
    return Call("GET", f"/project/getProjectInfo/{quote(project, safe='')}")


@dataclass(frozen=True, slots=True)
class HopsworksCalls:
    """The requests for a project of Hopsworks, with its name and its number."""

    project: str
    number: str

    def environment(self, name: str) -> Call:
        """Return the request for an environment with its libraries and its last command."""
        query = {"expand": ("libraries", "commands")}
        return Call("GET", self._path("python", "environments", name), query)

    def create_environment(self, name: str, base: str) -> Call:
        """Return the request that makes an environment from another one."""
        image = {"name": base, "description": None}
        path = self._path("python", "environments", name)
        return Call("POST", path, body={"name": name, "baseImage": image})

    def environment_progress(self, name: str) -> Call:
        """Return the request for the last command of an environment."""
        return Call("GET", self._path("python", "environments", name), {"expand": "commands"})

    def file(self, name: str) -> Call:
        """Return the request for a file in `FOLDER`."""
        return Call("GET", self._path("dataset", f"{FOLDER}/{name}"))

    def upload(self, name: str, content: bytes) -> Call:
        """Return the request that uploads a file to `FOLDER`, in one chunk."""
        size = len(content)
        form = {
            "templateId": "-1",
            "flowChunkSize": str(max(_CHUNK, size)),
            "flowTotalSize": str(size),
            "flowIdentifier": f"{size}_{name}",
            "flowFilename": name,
            "flowRelativePath": name,
            "flowTotalChunks": "1",
            "flowCurrentChunkSize": str(size),
            "flowChunkNumber": "1",
        }
        return Call(
            "POST", self._path("dataset", "upload", FOLDER), form=form, file=(name, content)
        )

    def install(self, environment: str, name: str) -> Call:
        """Return the request that installs an uploaded requirements file in an environment."""
        body = {
            "dependencyUrl": self.uploaded(name),
            "channelUrl": "requirements_txt",
            "packageSource": "REQUIREMENTS_TXT",
        }
        path = self._path("python", "environments", environment, "libraries", name)
        return Call("POST", path, body=body)

    def installation_progress(self, environment: str, name: str) -> Call:
        """Return the request for the last command on a requirements file."""
        path = self._path("python", "environments", environment, "libraries", name)
        return Call("GET", path, {"expand": "commands"})

    def job_configuration(self, *, spark: bool) -> Call:
        """Return the request for the default configuration of jobs."""
        return Call("GET", self._path("jobs", "pyspark" if spark else "python", "configuration"))

    def save_job(self, name: str, configuration: Mapping[str, Any]) -> Call:
        """Return the request that creates or replaces a job."""
        return Call("PUT", self._path("jobs", name), body=configuration)

    def deployment(self, name: str) -> Call:
        """Return the request for a deployment."""
        return Call("GET", self._path("serving"), {"name": name})

    def save_deployment(self, deployment: Mapping[str, Any]) -> Call:
        """Return the request that creates a deployment, or changes the one with the same `id`."""
        return Call("PUT", self._path("serving"), body=deployment)

    def uploaded(self, name: str) -> str:
        """Return the path of an uploaded file in Hopsworks' file system."""
        return f"/Projects/{self.project}/{FOLDER}/{name}"

    def _path(self, *parts: str) -> str:
        return "/".join(("/project", self.number, *(quote(part, safe="") for part in parts)))
