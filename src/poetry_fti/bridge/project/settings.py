"""Poetry's own settings, as far as they concern the plugin."""

from __future__ import annotations

from pathlib import Path

from poetry.config.config import Config

from poetry_fti.bridge.project.pyproject import converted_poetry_errors


def cache_folder() -> Path:
    """Return Poetry's cache folder; raises ConfigError if Poetry's settings cannot be read."""
    with converted_poetry_errors():
        return Path(Config.create().get("cache-dir")).expanduser()
