"""Quoting of values, commands and paths in a Dockerfile."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.wording import CONTROL, in_quotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePosixPath

# Windows allows none of these in file names, and most are wildcards of COPY.
_UNUSABLE: Final = re.compile(rf'[{CONTROL}<>:"|?*\\\[\]]|^\s|\s$')
_PLAIN: Final = re.compile(r"[A-Za-z0-9._/@+~-]+")


def quoted(value: str, what: str) -> str:
    """Return a value quoted for ENV or LABEL.

    Raises FtiError for a line break or NUL, which cannot be quoted; `what` names the value there.
    """
    if re.search(r"[\n\0]", value):
        message = (
            f"{what} contains a line break or a NUL character, which a Dockerfile cannot set."
            " Pass it when the container starts, or let the program decode it."
        )
        raise FtiError(message)
    return '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'


def assignments(instruction: str, values: Mapping[str, str]) -> str:
    """Return an instruction that assigns values, which are already quoted, one on each line."""
    pairs = (f"{name}={value}" for name, value in values.items())
    return f"{instruction} " + " \\\n    ".join(pairs)


def exec_form(words: Sequence[str], what: str) -> str:
    """Return a command in exec form, as JSON; raises FtiError for a NUL character in `what`."""
    if any("\0" in word for word in words):
        raise FtiError(f"{what} contains a NUL character, which no command can.")
    return json.dumps(list(words), ensure_ascii=False)


def context_path(path: PurePosixPath) -> str:
    """Return a path in the build context as text; raises FtiError if it is unusable."""
    if _UNUSABLE.search(str(path)):
        message = (
            f"A Dockerfile can't name the path {in_quotes(str(path))} on every system."
            ' Rename it without control characters, spaces at its ends and any of <>:"|?*[]\\.'
        )
        raise FtiError(message)
    return str(path)


def copy(source: PurePosixPath, target: str, *, link: bool = True) -> str:
    """Return the `COPY` instruction for a path of the build context."""
    words = [context_path(source), target]
    instruction = "COPY --link" if link else "COPY"
    if all(map(_PLAIN.fullmatch, words)):
        return f"{instruction} {' '.join(words)}"
    return f"{instruction} {json.dumps(list(map(_unexpanded, words)), ensure_ascii=False)}"


def working_folder(path: str) -> str:
    """Return the `WORKDIR` instruction for a folder."""
    return f"WORKDIR {_unexpanded(path)}"


def bind_mount(source: PurePosixPath, target: str, *, writable: bool = False) -> str:
    """Return the option of `RUN` that mounts a path of the build context; writes are discarded.

    Raises FtiError for a path that cannot be mounted.
    """
    path = context_path(source)
    if not path.isascii():
        # BuildKit splits the options of an instruction byte by byte.
        raise FtiError(f'A Dockerfile can\'t mount "{path}": rename it with ASCII characters only.')
    fields = (f"source={_unexpanded(path)}", f"target={_unexpanded(target)}")
    text = ",".join(("type=bind", *map(_csv_field, fields), *["rw=true"] * writable))
    return "--mount=" + re.sub(r"""([\s"'\\])""", r"\\\1", text)


def _unexpanded(path: str) -> str:
    return re.sub(r"""(['"\\$])""", r"\\\1", path)


def _csv_field(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text else text
