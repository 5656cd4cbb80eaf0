"""Adding to the text of a TOML file, while the existing text stays as it is, to the byte."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from poetry_fti.config.messages import dotted
from poetry_fti.errors import ConfigError
from poetry_fti.scaffold.toml_rendering import assignment_lines, assignments, table_lines
from poetry_fti.scaffold.toml_sections import lines_of, sections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poetry_fti.scaffold.toml_sections import KeyPath, Section


def parse(text: str, name: str = "pyproject.toml") -> dict[str, Any]:
    """Return the data of a TOML text; `name` stands for the file in the ConfigError raised."""
    try:
        return deepcopy(_parsed(text))
    except TOMLKitError as error:
        raise ConfigError(f"{name} is not valid TOML: {error}") from error


@lru_cache(maxsize=8)  # each step of an edit parses the text that the one before has made
def _parsed(text: str) -> dict[str, Any]:
    data: dict[str, Any] = tomlkit.parse(text).unwrap()
    return data


def add_keys(text: str, path: KeyPath, values: Mapping[str, Any]) -> str:
    """Return the text with keys added to the table at `path`, which is created if missing.

    Raises ConfigError with the lines to add by hand where the text cannot be edited, for example
    because the table is written inline.
    """
    expected = parse(text)
    _made(expected, path).update(values)
    lines = table_lines(path, values)
    assigned = assignments(path, values)
    dotted_keys = [f"{dotted(path[-1])}.{line}" for line in assigned]
    candidates = chain(
        _insertions(text, path, assigned),
        _blocks(text, path, lines),
        _insertions(text, path[:-1], dotted_keys),
    )
    return _fitting(text, expected, candidates, lines)


def append_table(text: str, path: KeyPath, values: Mapping[str, Any]) -> str:
    """Return the text with a table appended to the array of tables at `path`.

    Raises ConfigError with the lines to add by hand where the text cannot be edited.
    """
    expected = parse(text)
    _made(expected, path[:-1]).setdefault(path[-1], []).append(values)
    lines = [f"[[{dotted(*path)}]]", *assignments(path, values)]
    return _fitting(text, expected, _blocks(text, path, lines), lines)


def copy_key(text: str, old: KeyPath, new: str) -> str:
    """Return the text with a copy of a key or table, named `new`, in the same table.

    Comments are copied too. Raises ConfigError where the text cannot be edited.
    """
    path = (*old[:-1], new)
    expected = parse(text)
    parent = _made(expected, old[:-1])
    parent[new] = deepcopy(parent[old[-1]])
    found = [each for each in sections(text) if each.path[: len(old)] == old]
    if found:
        lines = _copied(text, found, len(old), path)
        return _fitting(text, expected, _blocks(text, old, lines), lines)
    lines = assignment_lines(new, _written(text, old))
    table = table_lines(old[:-1], {new: parent[new]})
    candidates = chain(_insertions(text, old[:-1], lines), _blocks(text, old[:-1], table))
    return _fitting(text, expected, candidates, table)


def replace_item(text: str, path: KeyPath, index: int, value: str) -> str:
    """Return the text with an item of the array at `path` replaced.

    Raises ConfigError where the text cannot be edited.
    """
    expected, document = parse(text), tomlkit.parse(text)
    for data in (expected, document):
        _at(data, path)[index] = value
    lines = table_lines(path[:-1], {path[-1]: _at(expected, path)})
    return _fitting(text, expected, [tomlkit.dumps(document)], lines)


def remove_key(text: str, path: KeyPath) -> str:
    """Return the text without the key at `path`; raises ConfigError if it cannot be edited."""
    expected, document = parse(text), tomlkit.parse(text)
    for data in (expected, document):
        del _at(data, path[:-1])[path[-1]]
    lines = table_lines(path[:-1], _at(expected, path[:-1]))
    return _fitting(text, expected, [tomlkit.dumps(document)], lines)


def edited(text: str, edit: Callable[[Any], None], change: str) -> str:
    """Return the text after `edit`, which is called with the data and the document of the text.

    Raises ConfigError where the text cannot be edited; `change` is what to do instead.
    """
    expected, document = parse(text), tomlkit.parse(text)
    for data in (expected, document):
        edit(data)
    return _ended_as(text, _checked(expected, [tomlkit.dumps(document)], change))


def require_edited(before: str, edit: Callable[[Any], None], text: str, change: str) -> str:
    """Return `text` if it has the data of the text `before` with an edit applied.

    Raises ConfigError otherwise; `change` is what to do instead.
    """
    expected = parse(before)
    edit(expected)
    return _checked(expected, [text], change)


def rename_key(text: str, path: KeyPath, new: str) -> str:
    """Return the text with another name for the key or table at `path`, in its place.

    Raises ConfigError where the text cannot be edited.
    """
    expected = parse(text)
    parent = _at(expected, path[:-1])
    parent[new] = parent.pop(path[-1])
    lines = lines_of(text)
    key = re.compile(rf"(\s*)([\"']?){re.escape(path[-1])}\2(?=\s*[=.])")
    for section in sections(text):
        if section.path[: len(path)] == path:
            name = dotted(*path[:-1], new, *section.path[len(path) :])
            before, mark, comment = lines[section.start].partition("#")
            space = before[len(before.rstrip()) :]
            header = f"[[{name}]]" if section.is_array else f"[{name}]"
            lines[section.start] = f"{header}{space}{mark}{comment}"
        elif section.path == path[:-1]:
            for index in range(section.start + 1, section.end):
                lines[index] = key.sub(lambda found: f"{found[1]}{dotted(new)}", lines[index], 1)
    change = f"Rename {dotted(*path)} to {dotted(*path[:-1], new)} yourself."
    return _ended_as(text, _checked(expected, [_joined(lines)], change))


def remove_table(text: str, path: KeyPath) -> str:
    """Return the text without the key or the table at `path`, and without tables below it.

    Comments directly above the tables are removed, too. Raises ConfigError where the text cannot
    be edited.
    """
    expected, document = parse(text), tomlkit.parse(text)
    for data in (expected, document):
        del _at(data, path[:-1])[path[-1]]
    lines = lines_of(text)
    for section in reversed(sections(text)):
        if section.path[: len(path)] == path:
            start = section.start
            while start and lines[start - 1].startswith("#"):
                start -= 1
            del lines[start : section.end]
            while lines[start - 1 : start + 1] == ["", ""]:
                del lines[start]
    shortened = _joined(lines_of(_joined(lines).rstrip()))
    change = f"Remove {dotted(*path)} yourself."
    candidates = [shortened, tomlkit.dumps(document)]
    found = _checked(expected, candidates, change, emptied=path[:-1])
    return _ended_as(text, found)


def _checked(
    expected: dict[str, Any], candidates: Iterable[str], change: str, *, emptied: KeyPath = ()
) -> str:
    """Return the first candidate with the expected data, or without its table `emptied`."""
    pruned = deepcopy(expected)
    for length in range(len(emptied), 0, -1):
        if not _at(pruned, emptied[:length]):
            del _at(pruned, emptied[: length - 1])[emptied[length - 1]]
    for candidate in candidates:
        try:
            fits = parse(candidate) in (expected, pruned)
        except ConfigError:
            continue
        if fits:
            return candidate
    raise ConfigError(f"pyproject.toml cannot be edited automatically. {change}")


def _at(data: Any, path: KeyPath) -> Any:  # noqa: ANN401 - any TOML value
    for key in path:
        data = data[key]
    return data


def table_at(data: Mapping[str, Any], path: KeyPath) -> Mapping[str, Any]:
    """Return the table at `path`, empty if missing; raises ConfigError for another type."""
    for index, key in enumerate(path):
        data = data.get(key, {})
        if not isinstance(data, Mapping):
            raise ConfigError(f"pyproject.toml: {dotted(*path[: index + 1])} must be a table")
    return data


def _made(data: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    table_at(data, path)
    for key in path:
        data = data.setdefault(key, {})
    return data


def _written(text: str, path: KeyPath) -> str:
    item = _at(tomlkit.parse(text), path)
    trivia = item.trivia
    return f"{item.as_string()}{trivia.comment_ws}{trivia.comment}"


def _copied(text: str, found: Iterable[Section], depth: int, path: KeyPath) -> list[str]:
    lines = lines_of(text)
    copied: list[str] = []
    for section in found:
        name = dotted(*path, *section.path[depth:])
        header = f"[[{name}]]" if section.is_array else f"[{name}]"
        before, mark, comment = lines[section.start].partition("#")
        space = before[len(before.rstrip()) :]
        copied += ["", f"{header}{space}{mark}{comment}".rstrip()]
        copied += lines[section.start + 1 : section.end]
    return copied[1:]


def _fitting(
    text: str, expected: Mapping[str, Any], candidates: Iterable[str], lines: Iterable[str]
) -> str:
    # A line inside a string can look like a header, so each candidate is parsed and compared.
    for candidate in candidates:
        try:
            fits = parse(candidate) == expected
        except ConfigError:
            continue
        if fits:
            return _ended_as(text, candidate)
    wanted = "\n".join(lines)
    message = "pyproject.toml cannot be edited automatically. Add this yourself:"
    raise ConfigError(f"{message}\n\n{wanted}")


def _ended_as(text: str, candidate: str) -> str:
    lines = candidate.replace("\r\n", "\n")
    return lines.replace("\n", "\r\n") if "\r\n" in text else lines


def _insertions(text: str, path: KeyPath, lines: Sequence[str]) -> Iterator[str]:
    """Yield the text with lines at the end of each section that may be the table at `path`."""
    written = lines_of(text)
    for section in sections(text):
        if section.path == path and not section.is_array:
            yield _joined([*written[: section.end], *lines, *written[section.end :]])


def _blocks(text: str, path: KeyPath, lines: Sequence[str]) -> Iterator[str]:
    """Yield the text with a table after the most closely related one, then at the end."""
    written = lines_of(text)
    for length in range(len(path), 1, -1):
        near = [each for each in sections(text) if each.path[:length] == path[:length]]
        if near:
            before, after = written[: near[-1].end], written[near[-1].end :]
            gap = [""] if after and after[0].strip() else []
            yield _joined([*before, "", *lines, *gap, *after])
            break
    kept = lines_of(text.rstrip())
    yield _joined([*kept, *([""] if kept else []), *lines])


def _joined(lines: Sequence[str]) -> str:
    return "\n".join([*lines, ""])
