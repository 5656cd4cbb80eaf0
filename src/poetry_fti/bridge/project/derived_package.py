"""The derived project of a stage as the root package that Poetry solves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry.core.pyproject.toml import PyProjectTOML as CorePyProjectTOML
from poetry.factory import Factory

from poetry_fti.bridge.project.pyproject import converted_poetry_errors
from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from poetry.core.packages.project_package import ProjectPackage
    from poetry.repositories import RepositoryPool


class _DerivedPyProject(CorePyProjectTOML):
    """A pyproject.toml with given data, which need not exist on disk."""

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        super().__init__(path)
        self._derived = data

    @property
    def data(self) -> dict[str, Any]:
        """The content of the file."""
        return self._derived


def derived_package(data: dict[str, Any], folder: Path, version: str) -> ProjectPackage:
    """Return derived data as Poetry's root package; its paths are relative to `folder`.

    `version` is the project's, which satisfies what packages require of the project itself.

    Relies on `Factory.configure_package`, which `Factory.create_poetry` itself calls. Raises
    ConfigError where Poetry cannot read a dependency.
    """
    project = data.get("project", {})
    name = project.get("name") or data["tool"]["poetry"].get("name", "project")
    with converted_poetry_errors():
        package = Factory.get_package(name, version)
        Factory.configure_package(
            package, _DerivedPyProject(folder / "pyproject.toml", data), folder
        )
    return package


def require_sources(package: ProjectPackage, pool: RepositoryPool) -> None:
    """Raise ConfigError if a dependency names a source that the project does not declare.

    Also if Poetry cannot combine a requirement of a group with that in `[tool.poetry]`.
    """
    with converted_poetry_errors():
        requires = package.all_requires
    for dependency in requires:
        source = dependency.source_name
        if source and not pool.has_repository(source):
            message = f'{dependency.name} has the source "{source}", which does not exist'
            raise ConfigError(f"pyproject.toml: {message}. Add it to tool.poetry.source.")
