"""Finding, reading and validating a pyproject.toml, as Poetry does."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name
from poetry.core.json import validate_object
from poetry.exceptions import PoetryError
from poetry.factory import Factory
from poetry.pyproject.toml import PyProjectTOML
from poetry.repositories.exceptions import InvalidSourceError
from poetry.toml import TOMLError

from poetry_fti.bridge.project.requirements.problems import requirement_problems
from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName


# What a message of the schema's validator contains about a value that may have several forms.
_ALTERNATIVES: Final = "by one definition"
_BYTE_ORDER_MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


def find_pyproject(start: Path) -> Path:
    """Return the path of the pyproject.toml in a folder or its nearest parent.

    Raises FtiError if there is none.
    """
    try:
        return Factory.locate(start)
    except RuntimeError as error:
        message = f"{error}. Run `poetry fti init` to create one with stages."
        raise FtiError(message) from error


def read_pyproject(path: Path) -> dict[str, Any]:
    """Return the data of a pyproject.toml; raises ConfigError for invalid TOML."""
    try:
        data: dict[str, Any] = PyProjectTOML(path).data.unwrap()
    except (TOMLError, UnicodeDecodeError) as error:
        text = path.read_text(encoding="utf-8", errors="replace")
        raise ConfigError(f"{path.name} {_fault(text, error)}") from error
    return data


def _fault(text: str, error: Exception) -> str:
    """Return what is wrong with a text that Poetry cannot parse."""
    from poetry_fti.bridge.lock.pins import has_merge_markers  # noqa: PLC0415 - rarely needed

    if has_merge_markers(text):
        return "contains merge markers: resolve the conflict first."
    if text.startswith(_BYTE_ORDER_MARK):
        return (
            "begins with a byte order mark (BOM), which Poetry cannot read: save it as UTF-8"
            " without a BOM."
        )
    return f"is not valid TOML: {_last_words(error)}"


def parse_pyproject(text: str) -> dict[str, Any]:
    """Return the data of the text of a pyproject.toml; raises ConfigError for invalid TOML.

    The parser is the strict one that Poetry uses.
    """
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"pyproject.toml is not valid TOML: {error}") from error
    return data


def require_valid(pyproject: dict[str, Any]) -> None:
    """Raise ConfigError with all errors that Poetry finds in a pyproject.toml."""
    errors = Factory.validate(pyproject)["errors"]
    if errors:
        raise ConfigError("\n".join(f"pyproject.toml: {error}" for error in errors))


def schema_problems(pyproject: Mapping[str, Any]) -> list[Problem]:
    """Return the violations of Poetry's JSON schemas in a pyproject.toml.

    Relies on poetry-core's `validate_object` and on the names of its schemas.
    """
    poetry = pyproject.get("tool", {}).get("poetry")
    tables = (
        ("project", "project-schema", pyproject.get("project")),
        ("dependency-groups", "dependency-groups-schema", pyproject.get("dependency-groups")),
        ("tool.poetry", "poetry-schema", poetry),
    )
    found = [
        _schema_problem(path, message)
        for path, schema, table in tables
        if table is not None
        for message in validate_object(table, schema)
    ]
    # The schema only says that a requirement has none of the forms that it may have.
    vague = [problem for problem in found if _ALTERNATIVES in problem.message]
    others = [problem for problem in found if problem not in vague]
    return [*others, *(requirement_problems(pyproject) or vague)] if vague else found


def _schema_problem(path: str, message: str) -> Problem:
    # The messages look like "data.dependencies must be array".
    where, _, what = message.partition(" ")
    return Problem(path + where.removeprefix("data"), what)


@contextmanager
def converted_poetry_errors() -> Iterator[None]:
    """Raise ConfigError in place of an error with which Poetry rejects a pyproject.toml."""
    try:
        yield
    except (
        InvalidSourceError,
        KeyError,
        PoetryError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise ConfigError(f"pyproject.toml: {str(error).strip()}") from error


def _last_words(error: Exception) -> str:
    # Poetry's message starts with the absolute path of the file.
    return str(error).rpartition("pyproject.toml: ")[2]


def project_name(pyproject: Mapping[str, Any]) -> str:
    """Return the project's name in `[project]` or else `[tool.poetry]`; empty without one."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    name: str = pyproject.get("project", {}).get("name") or poetry.get("name", "")
    return name


def project_version(pyproject: Mapping[str, Any]) -> str:
    """Return the project's version in `[project]` or else `[tool.poetry]`; "0" without one."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    return str(pyproject.get("project", {}).get("version") or poetry.get("version") or "0")


def project_extras(pyproject: Mapping[str, Any]) -> tuple[NormalizedName, ...]:
    """Return the normalized names of the extras in `[project]`, or else in `[tool.poetry]`."""
    extras = pyproject.get("project", {}).get("optional-dependencies")
    if not extras:
        extras = pyproject.get("tool", {}).get("poetry", {}).get("extras", {})
    return tuple(canonicalize_name(extra) for extra in extras)
