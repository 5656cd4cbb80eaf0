"""The presets that come with poetry-fti."""

from __future__ import annotations

from importlib.resources import files as resources
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import ConfigError
from poetry_fti.model.stage import KINDS
from poetry_fti.scaffold.presets import read_preset
from poetry_fti.scaffold.toml_text import parse
from poetry_fti.wording import suggestion

if TYPE_CHECKING:
    from poetry_fti.scaffold.presets import Preset

_SUFFIX: Final = ".toml"
# The default of its kind, which is the first in all lists.
_DEFAULT: Final = "inference-minimal"


def packaged() -> tuple[Preset, ...]:
    """Return the presets that come with poetry-fti by kind, the kind's default first."""
    names = sorted(
        path.name.removesuffix(_SUFFIX)
        for path in resources("poetry_fti.scaffold.presets").iterdir()
        if path.name.endswith(_SUFFIX)
    )
    presets = [parse_preset(name, packaged_text(name)) for name in names]
    return tuple(sorted(presets, key=lambda each: (KINDS.index(each.kind), each.name != _DEFAULT)))


def packaged_text(name: str) -> str:
    """Return the TOML text of a preset that comes with poetry-fti.

    Raises ConfigError if there is none of this name.
    """
    path = resources("poetry_fti.scaffold.presets") / f"{name}{_SUFFIX}"
    if "/" in name or "\\" in name or not path.is_file():
        known = [preset.name for preset in packaged()]
        message = f'There is no preset "{name}"{suggestion(name, known)}'
        raise ConfigError(f"{message} (presets: {', '.join(known)}; or a path that ends in .toml).")
    return path.read_text(encoding="utf-8")


def find(name: str) -> Preset:
    """Return the preset of a name that comes with poetry-fti; raises ConfigError."""
    return parse_preset(name, packaged_text(name))


def parse_preset(name: str, text: str) -> Preset:
    """Return the preset that the text of a TOML file describes; raises ConfigError."""
    return read_preset(name, parse(text, f"The preset {name}"))
