"""The names of stages for a shell that completes them, without starting Poetry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.config.stages import stage_names
from poetry_fti.reading import read_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIRECTORY: Final = ("-C", "--directory")
_PROJECT: Final = ("-P", "--project")


def completed_stages(words: Sequence[str]) -> tuple[str, ...]:
    """Return the stages of the project that a command line of Poetry is about.

    `words` may contain Poetry's options `-C` and `-P`. The result is an empty tuple if there is no
    pyproject.toml that can be read, or no stage in it.
    """
    folder = Path.cwd()
    for names in (_DIRECTORY, _PROJECT):
        folder /= Path(_value(words, names)).expanduser()
    folder = folder.resolve()
    files = (parent / "pyproject.toml" for parent in (folder, *folder.parents))
    found = next((file for file in files if file.exists()), None)
    try:
        return stage_names(tomllib.loads(read_bytes(found).decode())) if found else ()
    except (OSError, ValueError):
        return ()


def _value(words: Sequence[str], names: Sequence[str]) -> str:
    """Return the value of an option, also if the shell has split it at `=`, or an empty string."""
    for index, word in enumerate(words):
        option, equals, value = word.partition("=")
        if option in names and equals:
            return value
        if word in names:
            values = [each for each in words[index + 1 : index + 3] if each != "="]
            return values[0] if values else ""
    return ""
