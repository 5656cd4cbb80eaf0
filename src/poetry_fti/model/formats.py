"""The export formats: the registry that the exporters are loaded by."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

# Each name is that of a module in `poetry_fti.exporters`, with `_` for `-`. They are listed here,
# and not found by importing the modules, so that a command which only validates `tool.fti.exports`
# does not pay for those imports.
FORMATS: Final = (
    "airflow",
    "azureml",
    "bake",
    "compose",
    "conda",
    "constraints",
    "cyclonedx",
    "devcontainer",
    "dockerfile",
    "github",
    "gitlab",
    "kubernetes",
    "mlflow",
    "pylock",
    "pyproject",
    "requirements",
    "script",
    "stamp",
)

# Formats that are not written to the stage's folder, but to where tools look for them: the parent
# of a folder for each stage, relative to the project's root.
OUTSIDE: Final = {"devcontainer": PurePosixPath(".devcontainer")}


def format_folder(name: str, folder: PurePosixPath, stage: str) -> PurePosixPath:
    """Return the folder that the files of a format are written to, relative to the project's root.

    `folder` is the folder of the stage.
    """
    return OUTSIDE[name] / stage if name in OUTSIDE else folder
