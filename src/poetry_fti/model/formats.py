"""The export formats: the registry that the exporters are loaded by."""

from __future__ import annotations

from typing import Final

# Each name is that of a module in `poetry_fti.exporters`, with `_` for `-`. They are listed here,
# and not found by importing the modules, so that a command which only validates `tool.fti.exports`
# does not pay for those imports.
FORMATS: Final = (
    "azureml",
    "bake",
    "compose",
    "conda",
    "constraints",
    "dockerfile",
    "github",
    "gitlab",
    "mlflow",
    "pylock",
    "pyproject",
    "requirements",
    "stamp",
)
