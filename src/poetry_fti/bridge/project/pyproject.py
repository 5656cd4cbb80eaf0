"""Poetry's view of the project and of a stage's derived project."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from poetry.core.constraints.version import VersionRange, VersionUnion, parse_constraint
from poetry.core.json import validate_object
from poetry.core.pyproject.toml import PyProjectTOML as CorePyProjectTOML
from poetry.exceptions import PoetryError
from poetry.factory import Factory
from poetry.pyproject.toml import PyProjectTOML
from poetry.repositories.exceptions import InvalidSourceError
from poetry.toml import TOMLError

from poetry_fti.bridge.lock.pins import has_merge_markers
from poetry_fti.bridge.toml_parser import tomllib
from poetry_fti.errors import ConfigError, FtiError
from poetry_fti.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.repositories import RepositoryPool


def find_pyproject(start: Path) -> Path:
    """Return the pyproject.toml of a folder or its nearest parent, as Poetry finds it.

    Raises FtiError where there is none.
    """
    try:
        return Factory.locate(start)
    except RuntimeError as error:
        message = f"{error}. Run `poetry init` to make one."
        raise FtiError(message) from error


def read_pyproject(path: Path) -> dict[str, Any]:
    """Return what a pyproject.toml says, as plain data; raises ConfigError for invalid TOML."""
    try:
        data: dict[str, Any] = PyProjectTOML(path).data.unwrap()
    except (TOMLError, UnicodeDecodeError) as error:
        if has_merge_markers(path.read_text(encoding="utf-8", errors="replace")):
            message = f"{path.name} holds merge markers: choose between the two sides first."
            raise ConfigError(message) from error
        raise ConfigError(f"{path.name} is not valid TOML: {_last_words(error)}") from error
    return data


def parse_pyproject(text: str) -> dict[str, Any]:
    """Return what the text of a pyproject.toml says, read as strictly as Poetry reads it."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"pyproject.toml is not valid TOML: {error}") from error
    return data


def require_valid(pyproject: dict[str, Any]) -> None:
    """Raise ConfigError with all for which Poetry would refuse a pyproject.toml."""
    errors = Factory.validate(pyproject)["errors"]
    if errors:
        raise ConfigError("\n".join(f"pyproject.toml: {error}" for error in errors))


def schema_problems(pyproject: Mapping[str, Any]) -> list[Problem]:
    """Return where the tables that Poetry reads do not have the form that Poetry asks for.

    Relies on poetry-core's `validate_object` and on the names of its schemas.
    """
    poetry = pyproject.get("tool", {}).get("poetry")
    tables = (
        ("project", "project-schema", pyproject.get("project")),
        ("dependency-groups", "dependency-groups-schema", pyproject.get("dependency-groups")),
        ("tool.poetry", "poetry-schema", poetry),
    )
    return [
        _schema_problem(path, message)
        for path, schema, table in tables
        if table is not None
        for message in validate_object(table, schema)
    ]


def _schema_problem(path: str, message: str) -> Problem:
    # The messages look like "data.dependencies must be array".
    where, _, what = message.partition(" ")
    return Problem(path + where.removeprefix("data"), what)


@contextmanager
def refusals() -> Iterator[None]:
    """Raise ConfigError where Poetry refuses a pyproject.toml."""
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
    # Poetry's message names the file by its absolute path before it says what is wrong.
    return str(error).rpartition("pyproject.toml: ")[2]


class _DerivedPyProject(CorePyProjectTOML):
    """A pyproject.toml that need not be on disk."""

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        super().__init__(path)
        self._derived = data

    @property
    def data(self) -> dict[str, Any]:
        """The content of the file."""
        return self._derived


def derived_package(data: dict[str, Any], folder: Path) -> ProjectPackage:
    """Return the derived project in `folder` as Poetry's root package.

    Relies on `Factory.configure_package`, which `Factory.create_poetry` itself calls. Raises
    ConfigError where Poetry cannot read a dependency.
    """
    project = data.get("project", {})
    name = project.get("name") or data["tool"]["poetry"].get("name", "project")
    package = Factory.get_package(name, "0")
    with refusals():
        Factory.configure_package(
            package, _DerivedPyProject(folder / "pyproject.toml", data), folder
        )
    return package


def require_sources(package: ProjectPackage, pool: RepositoryPool) -> None:
    """Raise ConfigError where a dependency names a source that Poetry does not know."""
    for dependency in package.all_requires:
        source = dependency.source_name
        if source and not pool.has_repository(source):
            message = f'{dependency.name} has the source "{source}", which does not exist'
            raise ConfigError(f"pyproject.toml: {message}. Add it to tool.poetry.source.")


def derived_python(data: Mapping[str, Any]) -> VersionConstraint:
    """Return the derived project's constraint on Python."""
    python = data.get("project", {}).get("requires-python")
    poetry = data["tool"]["poetry"].get("dependencies", {}).get("python")
    return parse_constraint(poetry or python or "*")


def project_python(pyproject: Mapping[str, Any]) -> str:
    """Return the project's own Python as PEP 440 specifiers; empty for every Python."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    return python_specifiers(str(derived_python({**pyproject, "tool": {"poetry": poetry}})))


def python_specifiers(python: str) -> str:
    """Return Poetry's constraint on Python as PEP 440 specifiers; empty for every Python.

    Ranges with gaps become the range around them all: specifiers have no "or".
    """
    constraint = parse_constraint(python)
    if isinstance(constraint, VersionUnion) and "||" in str(constraint):
        first, last = constraint.ranges[0], constraint.ranges[-1]
        constraint = VersionRange(first.min, last.max, first.include_min, last.include_max)
    return "" if constraint.is_any() else str(constraint)


def project_name(pyproject: Mapping[str, Any]) -> str:
    """Return the project's name (PEP 621's, else Poetry's), empty where it has none."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    name: str = pyproject.get("project", {}).get("name") or poetry.get("name", "")
    return name


def project_extras(pyproject: Mapping[str, Any]) -> tuple[NormalizedName, ...]:
    """Return the names of the project's extras (PEP 621's, else `[tool.poetry.extras]`)."""
    extras = pyproject.get("project", {}).get("optional-dependencies")
    if not extras:
        extras = pyproject.get("tool", {}).get("poetry", {}).get("extras", {})
    return tuple(canonicalize_name(extra) for extra in extras)
