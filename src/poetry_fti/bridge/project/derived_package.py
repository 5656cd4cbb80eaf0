"""The derived project of a stage as the root package that Poetry solves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poetry.core.pyproject.toml import PyProjectTOML as CorePyProjectTOML
from poetry.factory import Factory

from poetry_fti.bridge.project.pyproject import converted_poetry_errors
from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    data = data if folder.is_dir() else _with_files(data, folder)
    with converted_poetry_errors():
        package = Factory.get_package(name, version)
        Factory.configure_package(
            package, _DerivedPyProject(folder / "pyproject.toml", data), folder
        )
    return package


def _with_files(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return derived data with the key `file` for paths of files; `folder` does not exist.

    Poetry follows `..` on disk, so that it takes all paths from such a folder for directories.
    """
    poetry = data.get("tool", {}).get("poetry", {})
    groups = {
        name: {**group, "dependencies": _file_constraints(group["dependencies"], folder)}
        for name, group in poetry.get("group", {}).items()
        if "dependencies" in group
    }
    tables = {
        key: _file_constraints(poetry[key], folder)
        for key in ("dependencies", "dev-dependencies")
        if key in poetry
    }
    found = {**poetry, **tables}
    if groups:
        found["group"] = {**poetry["group"], **groups}
    return {**data, "tool": {**data.get("tool", {}), "poetry": found}}


def _file_constraints(table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {
        name: [_file_constraint(each, folder) for each in value]
        if isinstance(value, list)
        else _file_constraint(value, folder)
        for name, value in table.items()
    }


def _file_constraint(value: Any, folder: Path) -> Any:  # noqa: ANN401 - any TOML value
    # Poetry ignores `optional` beside `file`.
    if not isinstance(value, dict) or "path" not in value or "optional" in value:
        return value
    if not Path(os.path.normpath(folder / value["path"])).is_file():
        return value
    return {"file" if key == "path" else key: each for key, each in value.items()}


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
