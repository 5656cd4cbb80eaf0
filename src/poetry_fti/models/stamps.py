"""The metadata of a model that states what it was made from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from poetry_fti.model.model_record import Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS: Final = ("poetry_fti.lock", "poetry_fti.stage", "poetry_fti.commit")


# What has another form, such as that of an option, is not passed on to git.
_VALUE: Final = re.compile(r"[A-Za-z0-9][\w:.-]{0,199}", re.ASCII)


def stamp_of(metadata: Mapping[str, object]) -> Stamp | None:
    """Return the stamp in a model's metadata, or None if it has none of the keys."""
    lock, stage, commit = (_value(metadata.get(key)) for key in KEYS)
    return Stamp(lock, stage, commit) if lock or stage or commit else None


def _value(found: object) -> str | None:
    return found if isinstance(found, str) and _VALUE.fullmatch(found) else None
