"""MLflow models: the environment files in the folder of a model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.errors import FtiError
from poetry_fti.importers.conda.environment import environment_of
from poetry_fti.importers.requirements.stage import read_stage
from poetry_fti.importers.source import Source
from poetry_fti.importers.yaml_file import python_env, yaml_document

if TYPE_CHECKING:
    from poetry_fti.model.imported import ImportedStage


def read_model(source: Source) -> ImportedStage:
    """Return the environment of the model that a file `MLmodel` describes.

    Requirements come from requirements.txt, or else from conda.yaml; Python comes from
    python_env.yaml, or else from conda.yaml. Raises FtiError if a file is not valid or all are
    missing.
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
    return stage if of_conda is None else replace(stage, python=of_conda.python)


def _of_conda(source: Source) -> ImportedStage:
    return environment_of(yaml_document(source), source)
