"""Poetry's own settings, as far as they concern the plugin."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from poetry.config.config import Config

from poetry_fti.bridge.project.pyproject import converted_poetry_errors


def cache_folder() -> Path:
    """Return Poetry's cache folder; raises ConfigError if Poetry's settings cannot be read."""
    with converted_poetry_errors():
        return Path(Config.create().get("cache-dir")).expanduser()


def cache_file(subject: bytes, kind: str) -> Path:
    """Return the path of a file in Poetry's cache folder, named by its kind and what it is about.

    Raises ConfigError if Poetry's settings cannot be read.
    """
    return cache_folder() / "poetry-fti" / f"{sha256(subject).hexdigest()}.{kind}"


def project_cache_file(root: Path, kind: str) -> Path:
    """Return the path in Poetry's cache folder of a file of some kind about a project's folder.

    Raises ConfigError if Poetry's settings cannot be read.
    """
    return cache_file(os.fsencode(os.path.normcase(root.resolve())), kind)
