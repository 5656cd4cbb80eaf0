"""Registers environments of stages with Azure Machine Learning, and lists registered ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.bridge.lock.locked import lock_digest
from poetry_fti.bridge.project.pyproject import project_name
from poetry_fti.errors import FtiError
from poetry_fti.exporters.platforms.azureml.environment import LOCK_TAG, STAGE_TAG, environment_name
from poetry_fti.exporters.platforms.azureml.registration import is_same_environment, registration
from poetry_fti.exporters.shared.images import normalized
from poetry_fti.ports.rest.azure_workspace import find_cloud, find_workspace
from poetry_fti.ports.rest.azureml import (
    AzureEnvironments,
    azure_token,
    register_call,
    version_call,
)
from poetry_fti.ports.rest.service import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from poetry_fti.exporters.platforms.azureml.registration import Registration
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage
    from poetry_fti.ports.rest.service import Call


@dataclass(frozen=True, slots=True)
class Publication:
    """A version of an environment that is registered now; `is_new` unless it was before."""

    name: str
    version: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A registered version of an environment of the project.

    Attributes:
        lock: the digest of the lock that it was made from.
        is_current: the stage's current lock has this digest.
    """

    stage: str
    name: str
    version: str
    lock: str
    is_current: bool


def registrations(project: Project, stages: Sequence[ProjectStage]) -> list[Registration]:
    """Return what registers the environments of stages.

    Raises StaleLockError for a missing or stale lock, FtiError for a stage whose environment is not
    an image with a conda file.
    """
    project.require_fresh(*stages)
    return [registration(project.locked(stage)) for stage in stages]


def publication_calls(project: Project, wanted: Iterable[Registration]) -> Iterator[Call]:
    """Yield the requests that `publish` sends if no version is registered yet."""
    workspace = find_workspace(project.root, os.environ)
    for each in wanted:
        yield version_call(workspace, each.name, each.version)
        yield register_call(workspace, each.name, each.version, each.properties)


def publish(project: Project, wanted: Iterable[Registration]) -> Iterator[Publication]:
    """Register each environment unless its version is registered, and yield what has been done.

    Raises FtiError for a version that is registered with other content, and if the service refuses.
    """
    service = _service(project)
    for each in wanted:
        yield Publication(each.name, each.version, is_new=_register(service, each))


def _register(service: AzureEnvironments, wanted: Registration) -> bool:
    """Register an environment, and return whether its version was not registered before."""
    if _is_registered(service, wanted):
        return False
    try:
        service.register(wanted.name, wanted.version, wanted.properties)
    except ConflictError:
        # Another client may have registered it since.
        if _is_registered(service, wanted):
            return False
        raise
    return True


def _is_registered(service: AzureEnvironments, wanted: Registration) -> bool:
    found = service.find(wanted.name, wanted.version)
    if found is None or is_same_environment(found, wanted.properties):
        return found is not None
    raise FtiError(
        f"The environment {wanted.name}:{wanted.version} is registered with other content, and"
        " versions cannot be changed. It depends on the lock alone: change the lock with"
        f" `poetry fti update {wanted.stage}`, or rename the stage."
    )


def published(project: Project, stages: Sequence[ProjectStage]) -> list[PublishedVersion]:
    """Return the registered versions of the project's environments.

    With `stages` that are not all of the project's, only theirs are returned. Raises FtiError if
    the service refuses.
    """
    service = _service(project)
    prefix = normalized(project_name(project.pyproject))
    own = {environment_name(project_name(project.pyproject), each.name) for each in stages}
    is_whole = len(stages) == len(project.stages)
    digests = {each.name: lock_digest(each.path) for each in stages if each.path.exists()}
    found: list[PublishedVersion] = []
    for name in service.names():
        if name in own or (is_whole and prefix and name.startswith(f"{prefix}-")):
            found += _versions(service, name, digests)
    return sorted(found, key=lambda each: (each.stage, each.name, not each.is_current))


def _versions(
    service: AzureEnvironments, name: str, digests: Mapping[str, str]
) -> Iterator[PublishedVersion]:
    for version, properties in service.versions(name):
        tags: Mapping[str, Any] = properties.get("tags") or {}
        stage, lock = tags.get(STAGE_TAG), tags.get(LOCK_TAG)
        if isinstance(stage, str) and isinstance(lock, str):
            yield PublishedVersion(stage, name, version, lock, digests.get(stage) == lock)


def _service(project: Project) -> AzureEnvironments:
    workspace = find_workspace(project.root, os.environ)
    url = find_cloud(os.environ)
    return AzureEnvironments(workspace, url, azure_token(url))
