"""What is wrong with requirements that Poetry refuses, with the path of each in pyproject.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from poetry.core.constraints.version import parse_constraint
from poetry.core.packages.dependency import Dependency

from poetry_fti.config.messages import dotted, toml_type
from poetry_fti.config.table import Table
from poetry_fti.model.problem import Problem
from poetry_fti.wording import joined

# The keys of a requirement in Poetry's tables: for each, and for those of an origin.
_STRINGS: Final = ("python", "platform", "markers")
_OTHERS: Final = ("optional", "extras")
_PRE_RELEASES: Final = ("allow-prereleases", "allows-prereleases")
_OF_ORIGIN: Final = {
    "git": ("git", "branch", "tag", "rev", "subdirectory", "develop", *_PRE_RELEASES),
    "path": ("path", "subdirectory", "develop"),
    "url": ("url", "subdirectory"),
    "file": ("file", "subdirectory"),
}
_OF_INDEX: Final = ("version", "source", "develop", *_PRE_RELEASES)
_BOOLEANS: Final = ("optional", "develop", *_PRE_RELEASES)
_KNOWN: Final = tuple(
    dict.fromkeys((*_OF_INDEX, *_STRINGS, *_OTHERS, *(k for o in _OF_ORIGIN.values() for k in o)))
)


def requirement_problems(pyproject: Mapping[str, Any]) -> list[Problem]:
    """Return a problem for each requirement that is not valid, in the order of the file's tables.

    The tables themselves may have any type.
    """
    problems: list[Problem] = []
    project, poetry = _table(pyproject, "project"), _table(pyproject, "tool", "poetry")
    _check_items(project.get("dependencies"), "project.dependencies", problems)
    for name, items in _table(project, "optional-dependencies").items():
        _check_items(items, dotted("project", "optional-dependencies", name), problems)
    for name, items in _table(pyproject, "dependency-groups").items():
        _check_items(items, dotted("dependency-groups", name), problems)
    _check_table(poetry.get("dependencies"), ("tool", "poetry", "dependencies"), problems)
    for name in _table(poetry, "group"):
        table = _table(poetry, "group", name).get("dependencies")
        _check_table(table, ("tool", "poetry", "group", name, "dependencies"), problems)
    return problems


def _check_items(items: object, path: str, problems: list[Problem]) -> None:
    """Check an array of requirements (PEP 508), which in a group may be includes of others."""
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if message := _wrong_item(item):
            problems.append(Problem(f"{path}[{index}]", message))


def _wrong_item(item: object) -> str:
    if isinstance(item, str):
        return "" if _is_requirement(item) else f'"{item}" is not a requirement{_EXAMPLE}'
    if not isinstance(item, Mapping):
        return f"must be a requirement{_EXAMPLE}, not {toml_type(item)}"
    is_include = list(item) == ["include-group"] and isinstance(item["include-group"], str)
    return "" if is_include else 'must be a requirement or { include-group = "…" }'


_EXAMPLE: Final = ' (PEP 508) such as "numpy>=2,<3"'


def _is_requirement(text: str) -> bool:
    if "@" in text:  # its URL or path may be relative
        return True
    try:
        Dependency.create_from_pep_508(text)
    except ValueError:
        return False
    return True


def _check_table(table: object, path: tuple[str, ...], problems: list[Problem]) -> None:
    """Check a table of requirements as Poetry has them."""
    for name, value in table.items() if isinstance(table, Mapping) else ():
        where = dotted(*path, name)
        if isinstance(value, list):
            for index, item in enumerate(value):
                _check_value(item, f"{where}[{index}]", problems)
        else:
            _check_value(value, where, problems)


def _check_value(value: object, path: str, problems: list[Problem]) -> None:
    if isinstance(value, Mapping):
        _check_details(value, path, problems)
    elif not isinstance(value, str):
        message = f"must be a version constraint or a table, not {toml_type(value)}"
        problems.append(Problem(path, message))
    elif message := wrong_constraint(value):
        problems.append(Problem(path, f'"{value}" {message}'))


def _check_details(details: Mapping[str, Any], path: str, problems: list[Problem]) -> None:
    table = Table(details, path, problems, keys=_KNOWN)
    origins = [key for key in _OF_ORIGIN if key in details]
    if len(origins) > 1:
        table.wrong(None, f"has several origins ({joined(origins)}); keep one of them")
    for key in _KNOWN:
        if key == "extras":
            table.strings(key)
        elif key in _BOOLEANS:
            table.boolean(key)
        else:
            table.string(key)
    version = details.get("version")
    if isinstance(version, str) and (message := wrong_constraint(version)):
        table.wrong("version", f'"{version}" {message}')
    if len(origins) == 1:
        allowed = (*_OF_ORIGIN[origins[0]], *_STRINGS, *_OTHERS)
        for key in details:
            if key in _KNOWN and key not in allowed:
                table.wrong(key, f'cannot be combined with "{origins[0]}"')


def wrong_constraint(text: str) -> str:
    """Return why Poetry cannot use a version constraint; empty if it allows any version."""
    try:
        constraint = parse_constraint(text)
    except ValueError:
        return 'is not a version constraint such as ">=2,<3" or "*"'
    return "allows no version" if constraint.is_empty() else ""


def _table(data: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the table at a path; an empty one if there is none."""
    for key in path:
        value = data.get(key)
        data = value if isinstance(value, Mapping) else {}
    return data
