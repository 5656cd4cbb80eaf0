"""Keeps Poetry from reading the options of a command that `poetry fti run STAGE …` runs.

Poetry looks for its own options (`-q`, `--help`, `-C` …) among all arguments, except for its
top-level `run`, and does so before plugins are loaded. So it is configured a second time.
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


def separate_command(application: Application, words: Sequence[str]) -> None:
    """Configure Poetry again, without the arguments of a command that `fti run` runs.

    Relies on `_io`, `_configure_io` and `_configure_global_options` of Poetry's application, which
    has already changed to the folder of a `-C`. Raises FtiError if that `-C` was an argument of the
    command, and the folder that Poetry was started in is unknown.
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
    # Not Poetry's own method, which would look for options among all arguments again.
    CleoApplication._configure_io(application, io)  # noqa: SLF001
    wanted = again.option("directory")
    if wanted != before:
        os.chdir(_former_folder(before))
    if wanted:  # relative to the folder that Poetry was started in
        folder = Path.cwd() if wanted == before else Path(wanted).resolve()
        again.set_option("directory", str(folder))
    application._configure_global_options(io)  # noqa: SLF001
    os.chdir(application._working_directory)  # noqa: SLF001


def separate(words: Sequence[str]) -> list[str] | None:
    """Return the arguments of `poetry … fti run STAGE COMMAND…` with `--` before the stage.

    Options before the stage are Poetry's and come first. Returns None for another command, and if
    there already is a `--` before the stage.
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
    """Return the folder from which the process changed to `entered`, according to `PWD`.

    Raises FtiError if `PWD` is not set or does not lead to the current folder.
    """
    former = Path(os.environ.get("PWD", ""))
    with suppress(OSError):
        if former.is_absolute() and (former / entered).samefile(Path.cwd()):
            return former
    raise FtiError(
        f"Poetry read `-C {entered}` as its own option."
        " Write `--` before the command: poetry fti run STAGE -- COMMAND"
    )
