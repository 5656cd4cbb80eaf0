"""MLflow models: the environment files in the folder of a model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.importers.conda.environment import environment_of
from poetry_fti.importers.requirements.stage import read_stage
from poetry_fti.importers.shared.python import minor_versions
from poetry_fti.importers.source import Source
from poetry_fti.importers.yaml_file import python_env, yaml_document
from poetry_fti.models.environments.yaml_documents import mapping, string

if TYPE_CHECKING:
    from poetry_fti.model.imported import ImportedStage


def read_model(source: Source) -> ImportedStage:
    """Return the environment of the model that a file `MLmodel` describes.

    Requirements come from requirements.txt, or else from conda.yaml; Python comes from
    python_env.yaml, or else from conda.yaml or MLmodel. Raises FtiError if a file is not valid, or
    there are no requirements.
    """
    requirements, conda, python = (
        Source(source.path.with_name(name), source.files)
        for name in ("requirements.txt", "conda.yaml", "python_env.yaml")
    )
    of_conda = _of_conda(conda) if source.files.has(conda.path) else None
    if source.files.has(requirements.path):
        stage = read_stage(requirements)
    elif of_conda is not None:
        stage = of_conda
    else:
        raise FtiError(f"The folder of {source.name} has neither requirements.txt nor conda.yaml.")
    if source.files.has(python.path):
        return replace(stage, python=python_env(yaml_document(python), python).python)
    python_of_conda = "" if of_conda is None else of_conda.python
    return replace(stage, python=python_of_conda or _python(source))


def _python(source: Source) -> str:
    """Return the Python with which a model was saved; empty if its `MLmodel` does not name it."""
    flavors = mapping(yaml_document(source).get("flavors"))
    version = string(mapping(flavors.get("python_function")).get("python_version"))
    return minor_versions([version]) if version else ""


def _of_conda(source: Source) -> ImportedStage:
    return environment_of(yaml_document(source), source)
