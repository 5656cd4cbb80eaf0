"""`poetry fti run STAGE …`: what follows the stage belongs to the command, whatever it looks like.

Poetry looks for its own options (`-q`, `--help`, `-C` …) among all words but those of its top-level
`run`, and has done so when plugins are loaded. So its configuration is done once more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cleo.application import Application as CleoApplication
from cleo.exceptions import CleoError
from cleo.io.inputs.argv_input import ArgvInput
from cleo.io.outputs.output import Verbosity

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry.console.application import Application

_WITH_VALUE: Final = {
    "-C": "--directory",
    "--directory": "--directory",
    "-P": "--project",
    "--project": "--project",
}
_NAME: Final = ["fti", "run"]


def keep_verbatim(application: Application, words: Sequence[str]) -> None:
    """Read Poetry's command line again, without the words of a command that `fti run` runs.

    Relies on `_io`, `_configure_io` and `_configure_global_options` of Poetry's application, which
    has already gone to the folder of a `-C`. Raises FtiError if that was a word of the command, and
    it is unknown where Poetry was before.
    """
    separated, io = separate(words), application._io  # noqa: SLF001
    if separated is None or io is None:
        return
    before = io.input.option("directory")
    again = ArgvInput([application.name, *separated])
    again.set_stream(io.input.stream)
    with suppress(CleoError):
        again.bind(application.definition)
    io.set_input(again)
    io.set_verbosity(Verbosity.NORMAL)
    # Not Poetry's own, which would look for options everywhere again.
    CleoApplication._configure_io(application, io)  # noqa: SLF001
    wanted = again.option("directory")
    if wanted != before:
        os.chdir(_former_folder(before))
    if wanted:  # relative to the folder where Poetry was, or is
        folder = Path.cwd() if wanted == before else Path(wanted).resolve()
        again.set_option("directory", str(folder))
    application._configure_global_options(io)  # noqa: SLF001
    os.chdir(application._working_directory)  # noqa: SLF001


def separate(words: Sequence[str]) -> list[str] | None:
    """Return the words of `poetry … fti run STAGE COMMAND…` with the command behind a `--`.

    Options before the stage are Poetry's and come first; None for another command, and for one that
    has its `--` before the stage.
    """
    options: list[str] = []
    names: list[str] = []
    rest = list(words)
    while rest and len(names) <= len(_NAME):
        word = rest.pop(0)
        if word in _WITH_VALUE and rest:
            options.append(f"{_WITH_VALUE[word]}={rest.pop(0)}")
        elif word.startswith("-"):
            options.append(word)
        else:
            names.append(word)
    if names[:-1] != _NAME or "--" in options:
        return None
    command = rest[1:] if rest[:1] == ["--"] else rest
    return [*options, *_NAME, "--", names[-1], *command]


def _former_folder(entered: str) -> Path:
    """Return the folder from which a process went to `entered`; the shell tells where it was."""
    former = Path(os.environ.get("PWD", ""))
    with suppress(OSError):
        if former.is_absolute() and (former / entered).samefile(Path.cwd()):
            return former
    raise FtiError(
        f"Poetry took `-C {entered}` for its own."
        " Write `--` before the command: poetry fti run STAGE -- COMMAND"
    )
