"""The files of the build context that a Dockerfile copies or mounts under another name."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.importers.shared.documents import array

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOUNT: Final = re.compile(r"--mount=(?P<options>\S*\btype=bind\b\S*)")
_SOURCE_AND_TARGET: Final = 2


def copied_files(lines: Iterable[str]) -> dict[str, str]:
    """Return the paths in the build context of the copied files, by their names in the image."""
    found: dict[str, str] = {}
    for line in lines:
        instruction, _, rest = line.strip().partition(" ")
        if instruction.upper() in {"COPY", "ADD"}:
            found.update(_copied(rest))
        elif instruction.upper() == "RUN":
            found.update(_mounted(rest))
    return found


def _copied(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name in the image of a file that is copied under a name, and its path."""
    words = [word for word in _words(text) if not word.startswith("--")]
    # Files of another build stage are not in the build context.
    if (
        len(words) == _SOURCE_AND_TARGET
        and "--from=" not in text
        and not words[1].endswith(("/", "."))
    ):
        yield PurePosixPath(words[1]).name, words[0]


def _mounted(text: str) -> Iterator[tuple[str, str]]:
    for mount in _MOUNT.finditer(text):
        options = dict(each.partition("=")[::2] for each in mount["options"].split(","))
        source = options.get("source") or options.get("src") or ""
        target = options.get("target") or options.get("dst") or options.get("destination") or ""
        if source and target and "from" not in options:
            yield PurePosixPath(target).name, source


def _words(text: str) -> list[str]:
    try:
        if text.lstrip().startswith("["):
            return [each for each in array(json.loads(text)) if isinstance(each, str)]
        return shlex.split(text)
    except (ValueError, RecursionError):
        return []
