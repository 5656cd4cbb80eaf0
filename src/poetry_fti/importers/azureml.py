"""Environments of the first Azure Machine Learning SDK: `azureml_environment.json`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.errors import FtiError
from poetry_fti.importers.conda.environment import environment_of, variables
from poetry_fti.importers.shared.documents import string, table
from poetry_fti.importers.yaml_file import image_note
from poetry_fti.model.imported import ImportedStage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.importers.source import Source
    from poetry_fti.models.environments.yaml_documents import Yaml


def azureml_stage(data: Mapping[str, Any], source: Source) -> ImportedStage:
    """Return the environment of a JSON object; raises FtiError if it does not describe one."""
    conda = table(data, "python", "condaDependencies")
    if not conda and not table(data, "docker"):
        raise FtiError(
            f"{source.name} is neither an Azure Machine Learning environment nor an SBOM of"
            " CycloneDX."
        )
    stage = environment_of(_as_yaml(conda), source) if conda else ImportedStage()
    env = variables(_as_yaml(table(data, "environmentVariables")))
    # The SDK adds its example to each environment.
    env = tuple(pair for pair in env if pair != ("EXAMPLE_ENV_VAR", "EXAMPLE_VALUE"))
    image = string(table(data, "docker").get("baseImage"))
    notes = [image_note(source.name, image)] if image else []
    return replace(stage, env=(*stage.env, *env), notes=(*stage.notes, *notes))


def _as_yaml(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value as YAML is read: all scalars are strings."""
    if isinstance(value, dict):
        return {key: _as_yaml(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_yaml(each) for each in value]
    found: Yaml = "" if value is None else str(value)
    return found
