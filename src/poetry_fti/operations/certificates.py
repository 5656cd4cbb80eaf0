"""Checks the certificates that are added to images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.errors import ConfigError
from poetry_fti.reading import LARGEST_TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

    from poetry_fti.model.stage import Stage


def require_certificates(stage: Stage, root: Path) -> None:
    """Raise ConfigError if a file of `ca-certificates` is missing, no certificate, or secret.

    Raises FtiError if a symbolic link to it leaves the project, and OSError if it cannot be read.
    """
    for index, path in enumerate(stage.image.ca_certificates):
        text = files.read(root / path, root, LARGEST_TEMPLATE)
        problem = _problem(text)
        if problem:
            key = f"{stage.image_key('ca-certificates')}[{index}]"
            raise ConfigError(f'{key}: the file "{path}" {problem}')


def _problem(text: str | None) -> str:
    if text is None:
        return "does not exist. Create it or remove it from the key."
    if "PRIVATE KEY-----" in text:
        return "contains a private key, which would be in the image. Remove it from the file."
    if "-----BEGIN CERTIFICATE-----" not in text:
        return "contains no certificate in PEM format. Convert it with `openssl x509 -inform der`."
    return ""
