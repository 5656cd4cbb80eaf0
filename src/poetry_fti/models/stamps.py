"""The metadata of a model that states what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.model import Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS: Final = ("poetry_fti.lock", "poetry_fti.stage", "poetry_fti.commit")


def stamp_of(metadata: Mapping[str, object]) -> Stamp | None:
    """Return the stamp in a model's metadata, or None if it has none of the keys."""
    found = [metadata.get(key) for key in KEYS]
    lock, stage, commit = (value if isinstance(value, str) else None for value in found)
    return Stamp(lock, stage, commit) if lock or stage or commit else None
