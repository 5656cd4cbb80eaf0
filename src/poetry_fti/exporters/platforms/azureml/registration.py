"""The environment of a stage as the REST service of Azure Machine Learning registers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.errors import FtiError
from poetry_fti.exporters.platforms.azureml.environment import (
    dockerfile_reasons,
    environment,
    runs_on_azureml,
)
from poetry_fti.exporters.platforms.conda_text import WIDTH
from poetry_fti.exporters.shared.yaml_text import yaml_text
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.model.lock import LockedStage

_ROUTES: Final = {
    "liveness_route": "livenessRoute",
    "readiness_route": "readinessRoute",
    "scoring_route": "scoringRoute",
}


@dataclass(frozen=True, slots=True)
class Registration:
    """A version of an environment, with the properties that the service gets."""

    stage: str
    name: str
    version: str
    properties: Mapping[str, Any]


def registration(locked: LockedStage) -> Registration:
    """Return what registers the environment of a stage.

    Raises FtiError for a stage that runs on another platform, or needs its Dockerfile.
    """
    name = locked.stage.name
    if not runs_on_azureml(locked.stage):
        raise FtiError(
            f'The stage "{name}" does not run on linux/amd64, the platform of Azure Machine'
            " Learning. Name the stages to publish."
        )
    reasons = list(dockerfile_reasons(locked))
    if reasons:
        raise FtiError(
            f'The environment of the stage "{name}" is built from its Dockerfile, since no conda'
            f" file can express {joined(reasons)}. Name the other stages to publish, and create"
            f" this environment with `az ml environment create --file"
            f" {locked.folder}/azureml-environment.yml`."
        )
    document = environment(locked)
    properties = {
        "image": document["image"],
        "condaFile": yaml_text(document["conda_file"], width=WIDTH),
        "tags": document["tags"],
        "description": document["description"],
        "isAnonymous": False,
        "isArchived": False,
    }
    if "inference_config" in document:
        routes = document["inference_config"].items()
        properties["inferenceConfig"] = {_ROUTES[key]: value for key, value in routes}
    return Registration(name, document["name"], document["version"], properties)


def is_same_environment(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two environments have the same image, conda file and routes.

    Tags and descriptions can be edited later; the text of a conda file depends on its writer.
    """
    return _content(one) == _content(other)


def _content(properties: Mapping[str, Any]) -> tuple[Any, ...]:
    # Imported here, since PyYAML takes a while to import.
    import yaml  # noqa: PLC0415

    text = properties.get("condaFile") or ""
    try:
        conda = yaml.safe_load(text)
    except yaml.YAMLError:
        conda = text
    routes = properties.get("inferenceConfig") or None
    return (properties.get("image"), conda, routes, properties.get("build") or None)
