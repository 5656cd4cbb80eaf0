"""Words that problems are described with: paths of keys, known words, TOML types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_TYPES: Final = (
    (bool, "a boolean"),  # before int, of which it is a subclass
    (int, "an integer"),
    (float, "a float"),
    (str, "a string"),
    (list, "an array"),
    (Mapping, "a table"),
)


def dotted(*keys: str) -> str:
    """Return keys joined to a dotted path; keys that TOML requires to be quoted are quoted."""
    return ".".join(key if _BARE_KEY.fullmatch(key) else f'"{key}"' for key in keys)


def listed(known: Collection[str]) -> str:
    """Return ` (known: …)` with all known words."""
    return f" (known: {', '.join(known)})"


def toml_type(value: object) -> str:
    """Return the TOML type of a value, with its article (`a string`)."""
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "a date or a time")


def stage_path(name: str, *keys: str) -> str:
    """Return the dotted path of a key of a stage, as problems show it."""
    return dotted("tool", "fti", "stages", name, *keys)
