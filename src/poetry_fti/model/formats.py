"""The export formats: the registry that the exporters are loaded by."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# The module of each format below `poetry_fti.exporters`. The names are not found by importing the
# modules, so that a command which only validates `tool.fti.exports` does not pay for those imports.
FORMATS: Final[Mapping[str, str]] = {
    "airflow": "platforms.pipelines.airflow",
    "azureml": "platforms.azureml",
    "bake": "images.bake",
    "bentoml": "platforms.bentoml",
    "compose": "images.compose",
    "conda": "platforms.conda",
    "constraints": "python.constraints",
    "cyclonedx": "cyclonedx",
    "dagster": "platforms.pipelines.dagster",
    "devcontainer": "images.devcontainer",
    "dockerfile": "images.dockerfile",
    "github": "ci.github",
    "gitlab": "ci.gitlab",
    "kfp": "platforms.pipelines.kfp",
    "kserve": "platforms.kserve",
    "kubernetes": "platforms.kubernetes",
    "mlflow": "platforms.mlflow",
    "prefect": "platforms.pipelines.prefect",
    "pylock": "python.pylock",
    "pyproject": "python.pyproject",
    "ray": "platforms.ray",
    "requirements": "python.requirements",
    "script": "python.script",
    "stamp": "python.stamp",
}

# Formats that are not written to the stage's folder, but to where tools look for them: the parent
# of a folder for each stage, relative to the project's root.
OUTSIDE: Final = {"devcontainer": PurePosixPath(".devcontainer")}


def format_folder(name: str, folder: PurePosixPath, stage: str) -> PurePosixPath:
    """Return the folder that the files of a format are written to, relative to the project's root.

    `folder` is the folder of the stage.
    """
    return OUTSIDE[name] / stage if name in OUTSIDE else folder
