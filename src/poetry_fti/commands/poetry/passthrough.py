"""Keeps Poetry from reading the options of a command that `poetry fti run STAGE …` runs.

Poetry looks for its own options (`-q`, `--help`, `-C` …) among all arguments, except for its
top-level `run`, and does so before plugins are loaded. So it is configured a second time.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cleo.exceptions import CleoError
from cleo.io.inputs.argv_input import ArgvInput
from cleo.io.outputs.output import Verbosity

from poetry_fti.bridge.internals.commands import (
    application_io,
    configure_folders,
    configure_io,
    missing_to_read_again,
)
from poetry_fti.bridge.internals.versions import poetry_version, tested_versions
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poetry.console.application import Application

    from poetry_fti.bridge.internals.private_name import PrivateName

_WITH_VALUE: Final = {
    "-C": "--directory",
    "--directory": "--directory",
    "-P": "--project",
    "--project": "--project",
}
_NAME: Final = ["fti", "run"]
_OF_RUN: Final = ("--sync", "--since")
_SINCE: Final = "--since"


def separate_command(application: Application, words: Sequence[str]) -> None:
    """Configure Poetry again, without the arguments of a command that `fti run` runs.

    Poetry has already gone to the folder of a `-C`. Raises FtiError if that was a word of the
    command, and it is unknown where Poetry was before; and where the installed Poetry does not let
    its command line be read again, if a word of the command looks like an option.
    """
    separated = separate(words)
    if separated is None:
        return
    missing = missing_to_read_again()
    if missing is not None:
        _require_no_options(words, separated, missing)
        return
    io = application_io(application)
    if io is None:
        return
    before = io.input.option("directory")
    again = ArgvInput([application.name, *separated])
    again.set_stream(io.input.stream)
    with suppress(CleoError):
        again.bind(application.definition)
    io.set_input(again)
    io.set_verbosity(Verbosity.NORMAL)
    configure_io(application, io)
    wanted = again.option("directory")
    if wanted != before:
        os.chdir(_former_folder(before))
    if wanted:  # relative to the folder that Poetry was started in
        folder = Path.cwd() if wanted == before else Path(wanted).resolve()
        again.set_option("directory", str(folder))
    os.chdir(configure_folders(application, io))


def _require_no_options(
    words: Sequence[str], separated: Sequence[str], missing: PrivateName
) -> None:
    command = separated[separated.index("--") + 2 :]
    if "--" not in words and any(word.startswith("-") for word in command):
        raise FtiError(
            f"Poetry {poetry_version()} has no {missing}, without which poetry-fti cannot keep the"
            " options of the command from Poetry. Write `--` before the command: poetry fti run"
            f" STAGE -- COMMAND. poetry-fti is tested with Poetry {tested_versions()}."
        )


def separate(words: Sequence[str]) -> list[str] | None:
    """Return the arguments of `poetry … fti run STAGE COMMAND…` with `--` before the stage.

    Options before the stage are those of `run`, or Poetry's, which come first. Returns None for
    another command, and if there already is a `--` before the stage.
    """
    options: list[str] = []
    own: list[str] = []
    names: list[str] = []
    rest = list(words)
    while rest and len(names) <= len(_NAME):
        word = rest.pop(0)
        if word in _WITH_VALUE and rest:
            options.append(f"{_WITH_VALUE[word]}={rest.pop(0)}")
        elif word == _SINCE and rest:
            own.append(f"{_SINCE}={rest.pop(0)}")
        elif word.startswith("-"):
            (own if word.partition("=")[0] in _OF_RUN else options).append(word)
        else:
            names.append(word)
    if names[:-1] != _NAME or "--" in options:
        return None
    command = rest[1:] if rest[:1] == ["--"] else rest
    return [*options, *_NAME, *own, "--", names[-1], *command]


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
