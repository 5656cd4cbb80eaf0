"""Presets: what new stages can start with."""

from __future__ import annotations

from pathlib import Path

from poetry_fti import files
from poetry_fti.errors import ConfigError
from poetry_fti.scaffold import preset_library
from poetry_fti.scaffold.presets import Preset

__all__ = ["Preset", "find_preset", "list_presets", "preset_text"]


def list_presets() -> tuple[Preset, ...]:
    """Return the presets that come with poetry-fti, in the order of kinds and names."""
    return preset_library.packaged()


def find_preset(word: str) -> Preset:
    """Return the preset with a name or at a path that ends in .toml; raises ConfigError."""
    if not word.endswith(".toml"):
        return preset_library.find(word)
    text = files.read(Path(word))
    if text is None:
        raise ConfigError(f"There is no preset file {word}.")
    return preset_library.parse_preset(Path(word).stem, text)


def preset_text(name: str) -> str:
    """Return the text of the file of a preset that comes with poetry-fti; raises ConfigError."""
    return preset_library.packaged_text(name)
