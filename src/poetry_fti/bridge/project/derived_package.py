"""The derived project of a stage as Poetry's root package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry.core.pyproject.toml import PyProjectTOML as CorePyProjectTOML
from poetry.factory import Factory

from poetry_fti.bridge.project.pyproject import refusals
from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from poetry.core.packages.project_package import ProjectPackage
    from poetry.repositories import RepositoryPool


class _DerivedPyProject(CorePyProjectTOML):
    """A pyproject.toml that need not be on disk."""

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        super().__init__(path)
        self._data = data


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
