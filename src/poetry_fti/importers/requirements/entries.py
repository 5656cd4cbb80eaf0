"""The requirements and options of a requirements file and of the files that it includes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.errors import FtiError
from poetry_fti.importers.requirements.lines import decoded, logical_lines
from poetry_fti.importers.requirements.options import parsed_line
from poetry_fti.importers.shared.paths import path_in
from poetry_fti.importers.shared.quoting import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    from poetry_fti.importers.requirements.lines import Line
    from poetry_fti.importers.source import Files

_URL: Final = re.compile(r"(https?|file):", re.IGNORECASE)
_MOST_ENTRIES: Final = 20_000
_DEEPEST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a requirements file: a requirement, or options if `text` is empty.

    Attributes:
        text: the requirement as it is written.
        folder: the folder of the file, to which relative paths refer.
        where: the file and line, for messages.
        is_editable: whether `-e` precedes the requirement.
        is_constraint: whether the line is in a file that is included with `-c`.
        options: the values of the options on the line.
        comments: the comments on the line and below it.
    """

    text: str
    folder: PurePath
    where: str
    is_editable: bool
    is_constraint: bool
    options: Mapping[str, list[str]]
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """The text of lines in the format of requirements, and how messages call where they are."""

    text: str
    label: str


def read_entries(path: PurePath, files: Files, lines: Lines | None = None) -> list[Entry]:
    """Return the entries of a requirements file in the order in which pip reads them.

    `lines` are those of another kind of file at `path`, None to read the file itself. Raises
    FtiError for a line that is not valid, an included file that cannot be read, and a file that
    includes itself.
    """
    entries = []
    lines = lines or _lines(path, files)
    for entry in _entries(lines, path, files, is_constraint=False, including=(path,)):
        entries.append(entry)
        if len(entries) > _MOST_ENTRIES:
            message = f"{files.shown(path)} has more than {_MOST_ENTRIES:,} requirements"
            raise FtiError(f"{message} with the files that it includes.")
    return entries


def included_files(text: str, path: PurePath, label: str) -> Iterator[tuple[PurePath, bool]]:
    """Yield the files that lines in the file at `path` include, and whether as constraints.

    Raises FtiError for a line that is not valid, which messages say is in `label`.
    """
    for line in logical_lines(text):
        found = _included(_entry(line, path, label, is_constraint=False))
        if found is not None:
            name, is_constraint = found
            yield path_in(path.parent, name), is_constraint


def read_text(path: PurePath, files: Files) -> str:
    """Return the text of a requirements file; raises FtiError if it cannot be read."""
    try:
        return decoded(files.read(path))
    except ValueError as error:
        raise FtiError(f"{files.shown(path)} cannot be decoded: {error}.") from error


def _lines(path: PurePath, files: Files) -> Lines:
    return Lines(read_text(path, files), files.shown(path))


def _entries(
    lines: Lines,
    path: PurePath,
    files: Files,
    *,
    is_constraint: bool,
    including: tuple[PurePath, ...],
) -> Iterator[Entry]:
    for line in logical_lines(lines.text):
        where = f"{lines.label}, line {line.number}"
        entry = _entry(line, path, where, is_constraint=is_constraint)
        included = _included(entry)
        if included is None:
            yield entry
            continue
        name, as_constraint = included
        if _URL.match(name):
            raise FtiError(
                f"{where}: {quoted(name)} is not downloaded. Download it, and name the file"
                " instead."
            )
        other = path_in(path.parent, name)
        if other in including:
            raise FtiError(f"{where}: {files.shown(other)} includes itself.")
        if len(including) > _DEEPEST:
            raise FtiError(f"{where}: more than {_DEEPEST} files include each other.")
        yield from _entries(
            _lines(other, files),
            other,
            files,
            is_constraint=as_constraint,
            including=(*including, other),
        )


def _included(entry: Entry) -> tuple[str, bool] | None:
    """Return the file that a line includes, and whether as constraints; None if it does not."""
    if entry.text:
        return None
    requirements, constraints = (
        entry.options.get(key, []) for key in ("requirements", "constraints")
    )
    if not (requirements or constraints):
        return None
    return (requirements or constraints)[0], not requirements


def _entry(line: Line, path: PurePath, where: str, *, is_constraint: bool) -> Entry:
    try:
        parsed = parsed_line(line.text)
    except ValueError as error:
        reason = str(error).rstrip(".")
        raise FtiError(f"{where}: {quoted(line.text)} is not valid: {reason}.") from error
    editables = parsed.options.get("editables", [])
    return Entry(
        text=parsed.requirement or (editables[0] if editables else ""),
        folder=path.parent,
        where=where,
        is_editable=bool(editables),
        is_constraint=is_constraint,
        options=parsed.options,
        comments=line.comments,
    )
