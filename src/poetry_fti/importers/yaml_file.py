"""YAML files of conda, MLflow, Azure Machine Learning and Ray, which differ in their keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers.conda.environment import environment_of, variables
from poetry_fti.importers.ray import is_runtime_env, runtime_env
from poetry_fti.importers.requirements.entries import read_text
from poetry_fti.importers.requirements.stage import stage_of_text
from poetry_fti.importers.shared.paths import path_in
from poetry_fti.importers.shared.python import python_specifiers
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.importers.shared.requirements import is_version
from poetry_fti.importers.source import Source
from poetry_fti.model.imported import ImportedStage
from poetry_fti.models.environments.yaml_documents import mapping, read_yaml, sequence, string
from poetry_fti.models.malformed import MalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.models.environments.yaml_documents import Yaml

_AZUREML: Final = frozenset({"conda_file", "image", "build"})


def read_yaml_file(source: Source) -> ImportedStage:
    """Return the environment of a YAML file; raises FtiError if it is not valid."""
    document = yaml_document(source)
    if "build_dependencies" in document or string(document.get("python")):
        return python_env(document, source)
    if not _AZUREML.isdisjoint(document) and "dependencies" not in document:
        return _azureml(document, source)
    inline = mapping(document.get("environment"))
    if not _AZUREML.isdisjoint(inline):  # of a job or a deployment
        env = document.get("environment_variables", {})
        return _azureml({"environment_variables": env, **inline}, source)
    if is_runtime_env(document):
        return runtime_env(document, source)
    return environment_of(document, source)


def yaml_document(source: Source) -> dict[str, Yaml]:
    """Return the mapping in a YAML file; raises FtiError if it is not valid."""
    try:
        return read_yaml(read_text(source.path, source.files))
    except (MalformedError, RecursionError) as error:
        raise FtiError(f"{source.name} cannot be read: {error}.") from error


def python_env(document: Mapping[str, Yaml], source: Source) -> ImportedStage:
    """Return the environment of MLflow's `python_env.yaml`; raises FtiError if it is not valid."""
    lines = [each for each in sequence(document.get("dependencies")) if isinstance(each, str)]
    stage = stage_of_text("\n".join(lines), source.path, source.files, source.name)
    python = string(document.get("python")) or ""
    return replace(stage, python=python_specifiers(f"=={python}") if is_version(python) else "")


def _azureml(document: Mapping[str, Yaml], source: Source) -> ImportedStage:
    """Return an Azure Machine Learning environment (v2), whose conda file is beside or in it."""
    conda = document.get("conda_file")
    stage = ImportedStage()
    if isinstance(conda, dict):
        stage = environment_of(conda, source)
    elif path := string(conda):
        beside = path_in(source.path.parent, path.removeprefix("file:"))
        other = Source(beside, source.files)
        stage = environment_of(yaml_document(other), other)
    notes = list(stage.notes)
    if image := string(document.get("image")):
        notes.append(image_note(source.name, image))
    if "build" in document:
        notes.append(
            f"{source.name}: what the Dockerfile of `build` installs was not imported. Import the"
            " files that it copies."
        )
    found = (*stage.env, *variables(document.get("environment_variables")))
    return replace(stage, env=found, notes=tuple(notes))


def image_note(where: str, image: str) -> str:
    """Return the sentence on a base image, which is not imported."""
    return (
        f"{where}: the image {quoted(image)} was left out. Set `image.base` of the stage if its"
        " image is to be based on it."
    )
