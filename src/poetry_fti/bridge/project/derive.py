"""The derived project of a stage: its pyproject.toml if the stage were a project of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.derive_poetry import (
    declared_names,
    derive_poetry_table,
    selected_names,
)
from poetry_fti.bridge.project.own_extras import OwnExtras
from poetry_fti.bridge.project.rebase import rebase_requirement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from poetry_fti.model import Stage

_DYNAMIC: Final = ("dependencies", "optional-dependencies")


def derive(pyproject: Mapping[str, Any], stage: Stage, up: PurePosixPath) -> dict[str, Any]:
    """Return the data of a stage's derived pyproject.toml.

    `up` is the relative path from the stage's folder to the project's root, to which paths of
    local dependencies are adapted. Extras that the stage does not select and groups that it does
    not include are left out; the names and includes of the other groups are kept. What the
    selected extras require is required like the other dependencies.
    """
    project = pyproject.get("project", {})
    poetry = pyproject.get("tool", {}).get("poetry", {})
    own = OwnExtras.of(project)
    derived: dict[str, Any] = {}
    if project:
        derived["project"] = _project(project, own, stage, up)
    groups = _standard_groups(pyproject.get("dependency-groups", {}), own, stage, up)
    if groups:
        derived["dependency-groups"] = groups
    table = derive_poetry_table(poetry, derived.get("project"), stage, up)
    if stage.extras and derived.get("project", {}).get("dependencies"):
        derived["project"] = _with_dynamic(derived["project"], poetry, table, stage)
    derived["tool"] = {"poetry": table}
    return derived


def with_version(derived: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a derived pyproject.toml with the version of the project itself.

    Plain Poetry needs it where a package requires the project.
    """
    if "project" in derived:
        return {**derived, "project": {**derived["project"], "version": version}}
    tool = derived["tool"]
    return {**derived, "tool": {**tool, "poetry": {**tool["poetry"], "version": version}}}


def _project(
    project: Mapping[str, Any], own: OwnExtras, stage: Stage, up: PurePosixPath
) -> dict[str, Any]:
    # A constant, so that the derived file does not change with each release of the project.
    derived: dict[str, Any] = {"name": project.get("name", "project"), "version": "0"}
    python = stage.python or project.get("requires-python")
    if python:
        derived["requires-python"] = python
    if "dependencies" in project or own.extras:
        required = [*own.resolved(project.get("dependencies", [])), *own.selected(stage.extras)]
        derived["dependencies"] = _rebased(required, up)
    dynamic = [key for key in project.get("dynamic", []) if key in _DYNAMIC]
    if dynamic:
        derived["dynamic"] = dynamic
    return derived


def _with_dynamic(
    project: Mapping[str, Any], poetry: Mapping[str, Any], table: Mapping[str, Any], stage: Stage
) -> dict[str, Any]:
    """Return `[project]` with the names of the dependencies that the derived `table` adds to it.

    Of several tables of dependencies Poetry takes one as details of the other if neither is
    optional. So each package is named in the first, and has its details in the second.
    """
    dynamic, declared = project.get("dynamic", ()), declared_names(project)
    added = selected_names(poetry, stage) if dynamic else set()
    names = [
        _with_extras(name, constraint)
        for name, constraint in table.get("dependencies", {}).items()
        if name != "python" and canonicalize_name(name) not in declared
        if "dependencies" in dynamic or canonicalize_name(name) in added
    ]
    named = {key: value for key, value in project.items() if key != "dynamic"}
    return {**named, "dependencies": [*project["dependencies"], *names]}


def _with_extras(name: str, constraint: Any) -> str:  # noqa: ANN401 - any TOML value
    constraints = constraint if isinstance(constraint, list) else [constraint]
    tables = (each for each in constraints if isinstance(each, Mapping))
    extras = sorted({extra for each in tables for extra in each.get("extras", ())})
    return f"{name}[{','.join(extras)}]" if extras else name


def _standard_groups(
    groups: Mapping[str, list[Any]], own: OwnExtras, stage: Stage, up: PurePosixPath
) -> dict[str, Any]:
    return {
        name: _rebased(own.resolved(items), up)
        for name, items in groups.items()
        if canonicalize_name(name) in stage.locked_groups
    }


def _rebased(items: Iterable[Any], up: PurePosixPath) -> list[Any]:
    return [rebase_requirement(item, up) if isinstance(item, str) else item for item in items]
