"""The packages that `pip install` commands in Dockerfiles and notebooks install."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers.copied_files import copied_files
from poetry_fti.importers.requirements.entries import read_text
from poetry_fti.importers.requirements.stage import stage_of_text
from poetry_fti.importers.shared.documents import array, read_json, string, tables
from poetry_fti.importers.shared.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import PurePath

    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedStage

# Notebooks name the Python that runs them by a variable, in quotes or not.
_PYTHON: Final = r"""(?:\S*python[\d.]*|["']?\{sys\.executable\}["']?|\$\(which python[\d.]*\))"""
_INSTALL: Final = re.compile(
    r"\s*[!%]?\s*(?:--\S+\s+)*(?:sudo\s+)?(?:\w+=\S*\s+)*"
    rf"(?:{_PYTHON}\s+-m\s+|uv\s+)?(?:\S*/)?pip[\d.]*\s+install\s+(?P<words>.*)",
    re.DOTALL,
)
# Installing them is no requirement of the code.
_INSTALLERS: Final = frozenset({"pip", "setuptools", "uv", "wheel"})
_CONTINUED: Final = re.compile(r"\\[ \t]*\n(?:[ \t]*#.*\n)*")
_SEPARATOR: Final = re.compile(r"&&|\|\||;(?!\s*(?:python_|sys_|platform_|os_|extra))|\n")
_MAGIC: Final = re.compile(r"\s*[!%]")
_SHELL_CELL: Final = re.compile(r"\s*(?:%%(?:bash|sh)\b|%%script\s+(?:ba)?sh\b|%%!)")
_HERE_DOCUMENT: Final = re.compile(r"<<-?\s*([\"']?)(?P<end>\w+)\1")
_CONDA: Final = re.compile(
    r"(?:^|[\s!%/;&])(?:conda|mamba|micromamba)\s+(?:env\s+)?(?:install|create|update)\b"
)
# Options with a value that a requirements file may contain, too.
_KEPT: Final = {
    "-r": "-r",
    "--requirement": "-r",
    "-c": "-c",
    "--constraint": "-c",
    "-e": "-e",
    "--editable": "-e",
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
}
_WITH_VALUE: Final = frozenset(
    {"-t", "--target", "--root", "--prefix", "--src", "--timeout", "--retries", "--progress-bar"}
    | {"--cache-dir", "--python", "--trusted-host", "--cert", "--platform", "--python-version"}
)


def read_dockerfile(source: Source) -> ImportedStage:
    """Return the packages that the `RUN` instructions of a Dockerfile install with pip.

    Files with requirements are searched for in the folder of the Dockerfile and above, by the path
    from which it copies them. Raises FtiError if they cannot be found, or the Dockerfile installs
    no package.
    """
    text = read_text(source.path, source.files).replace("\r\n", "\n")
    lines = _CONTINUED.sub(" ", text).splitlines()
    return _stage(list(_run_lines(lines)), source, copied_files(lines))


def read_notebook(source: Source) -> ImportedStage:
    """Return the packages that the lines `%pip install` and `!pip install` of a notebook install.

    Raises FtiError if there is none, or the notebook is not valid.
    """
    cells = tables(read_json(source.path, source.files).get("cells"))
    code = [each.get("source") for each in cells if each.get("cell_type") == "code"]
    texts = (string(each) or "".join(map(string, array(each))) for each in code)
    return _stage([line for text in texts for line in _shell_lines(text)], source, {})


def _shell_lines(cell: str) -> Iterator[str]:
    """Yield the lines of a cell that a shell or a magic runs."""
    lines = _CONTINUED.sub(" ", cell).splitlines()
    is_shell = _SHELL_CELL.match(cell) is not None
    yield from (line for line in lines if is_shell or _MAGIC.match(line))


def _run_lines(dockerfile: Iterable[str]) -> Iterator[str]:
    """Yield what `RUN` instructions run, also the lines of here-documents."""
    lines = iter(dockerfile)
    for line in lines:
        instruction, _, rest = line.strip().partition(" ")
        if instruction.upper() != "RUN":
            continue
        yield rest
        if found := _HERE_DOCUMENT.search(rest):
            yield from _until(found["end"], lines)


def _until(end: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line.strip() == end:
            return
        yield line


def _stage(commands: Sequence[str], source: Source, copied: Mapping[str, str]) -> ImportedStage:
    lines = [
        line
        for command in commands
        for part in _SEPARATOR.split(_unwrapped(command))
        if (found := _INSTALL.match(part)) is not None
        for line in _requirement_lines(found["words"], source, copied)
    ]
    if not lines:
        raise FtiError(f"{source.name} has no command of pip that installs a package.")
    label = f"{source.name}, pip install"
    stage = stage_of_text("\n".join(lines), source.path, source.files, label)
    if not any(map(_CONDA.search, commands)):
        return stage
    note = (
        f"{source.name}: what conda installs was not imported. Import its environment.yml, or add"
        " the packages with `poetry fti add`."
    )
    return replace(stage, notes=(*stage.notes, note))


def _unwrapped(command: str) -> str:
    """Return a command in exec form, `["pip", "install", "x"]`, as text."""
    if not command.lstrip().startswith("["):
        return command
    try:
        return shlex.join(map(str, array(json.loads(command))))
    except (ValueError, RecursionError):
        return command


def _requirement_lines(words: str, source: Source, copied: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a requirements file that installs what a command of pip does."""
    try:
        rest = iter(shlex.split(words, comments=True))
    except ValueError as error:
        raise FtiError(f"{source.name}: {quoted(words)} is not a command.") from error
    for word in rest:
        option, equals, value = word.partition("=")
        if option in _WITH_VALUE and not equals:
            next(rest, None)
        elif option in _KEPT:
            yield _option(_KEPT[option], value if equals else next(rest, ""), source, copied)
        elif not word.startswith(("-", "$", ">", "<", "|")) and word not in _INSTALLERS:
            yield word


def _option(option: str, value: str, source: Source, copied: Mapping[str, str]) -> str:
    if option in {"-r", "-c"}:
        value = str(_found(copied.get(PurePosixPath(value).name, value), source))
    return f"{option} {shlex.quote(value)}"


def _found(name: str, source: Source) -> PurePath:
    """Return the file with this path, or this name, in the folder of a source or above it."""
    path = type(source.path)(name)
    for folder in source.path.parents:
        for each in (folder / name.lstrip("/"), folder / path.name):
            if source.files.has(each):
                return each
    return source.path.parent / name
