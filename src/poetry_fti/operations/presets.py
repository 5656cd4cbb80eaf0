"""Finds the presets for new stages: those that come with poetry-fti, and files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from poetry_fti import files
from poetry_fti.errors import ConfigError
from poetry_fti.reading import LARGEST_TEMPLATE
from poetry_fti.scaffold import preset_library
from poetry_fti.scaffold.presets import Preset

__all__ = ["Preset", "find_preset", "list_presets", "preset_text"]

_FILE: Final = ".toml"


def list_presets() -> tuple[Preset, ...]:
    """Return the presets that come with poetry-fti, ordered by kind and name."""
    return preset_library.packaged()


def find_preset(word: str) -> Preset:
    """Return the preset with a name, or in a file if the argument ends in `.toml`.

    Raises ConfigError for an unknown name, a missing file and an invalid preset.
    """
    if not word.endswith(_FILE):
        return preset_library.find(word)
    return preset_library.parse_preset(Path(word).stem, _text(word))


def preset_text(word: str) -> str:
    """Return the TOML text of the preset with a name, or in a file; raises as `find_preset`."""
    if not word.endswith(_FILE):
        return preset_library.packaged_text(word)
    text = _text(word)
    preset_library.parse_preset(Path(word).stem, text)
    return text


def _text(path: str) -> str:
    text = files.read(Path(path), largest=LARGEST_TEMPLATE)
    if text is None:
        raise ConfigError(f"The preset file {path} does not exist.")
    return text
