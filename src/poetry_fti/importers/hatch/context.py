"""Fields such as `{root:uri}` in the values of Hatch's environments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import PurePath

_FIELD: Final = re.compile(r"\{(?P<name>[a-z_]+)(?P<rest>(?::[^{}]*)?)\}")


def formatted(text: str, root: PurePath) -> str | None:
    """Return a text in which fields such as `{root:uri}` are replaced by the project's folder.

    Returns None if it has other fields, which only Hatch can evaluate.
    """
    values = {
        found[0]: _root(found["rest"], root)
        for found in _FIELD.finditer(text)
        if found["name"] == "root"
    }
    for name, value in values.items():
        if value is not None:
            text = text.replace(name, value)
    return None if _FIELD.search(text) else text


def _root(modifiers: str, root: PurePath) -> str | None:
    """Return the folder with modifiers such as `:parent:uri`, None for an unknown one."""
    *parents, last = modifiers.split(":")
    if set(parents) - {"", "parent"} or last not in {"", "parent", "uri", "real"}:
        return None
    folder = root
    for each in (*parents, last):
        folder = folder.parent if each == "parent" else folder
    path = folder.as_posix()
    return (
        f"file://{quote(path if path.startswith('/') else f'/{path}')}" if last == "uri" else path
    )
