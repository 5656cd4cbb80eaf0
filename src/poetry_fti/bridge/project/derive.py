"""The derived project of a stage: its pyproject.toml if the stage were a project of its own."""

from __future__ import annotations

import json
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
from poetry_fti.bridge.project.requirements.extra_markers import with_selected_extras

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from poetry_fti.model.stage import Stage

_DYNAMIC: Final = ("dependencies", "optional-dependencies")
_REQUIREMENTS: Final = ("dependencies", "dev-dependencies", "group")


def derive(pyproject: Mapping[str, Any], stage: Stage, up: PurePosixPath) -> dict[str, Any]:
    """Return the data of a stage's derived pyproject.toml.

    `up` is the relative path from the stage's folder to the project's root, to which paths of
    local dependencies are adapted. Extras that the stage does not select and groups that it does
    not include are left out; the names and includes of the other groups are kept. What the
    selected extras require is required like the other dependencies, and markers that depend on
    extras are resolved. Groups and requirements are sorted: Poetry's content hash depends on the
    order of arrays.
    """
    project = pyproject.get("project", {})
    poetry = pyproject.get("tool", {}).get("poetry", {})
    own = OwnExtras.of(project)
    derived: dict[str, Any] = {}
    if project:
        derived["project"] = _project(project, poetry, own, stage, up)
    groups = _in_order(_standard_groups(pyproject.get("dependency-groups", {}), own, stage, up))
    if groups:
        derived["dependency-groups"] = groups
    table = derive_poetry_table(poetry, derived.get("project"), stage, up)
    if stage.extras and derived.get("project", {}).get("dependencies"):
        derived["project"] = _with_dynamic(derived["project"], poetry, table, stage)
    in_order = {key: _in_order(table[key]) for key in _REQUIREMENTS if key in table}
    derived["tool"] = {"poetry": table | in_order}
    return with_selected_extras(derived, stage.extras) if stage.extras else derived


def with_version(derived: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a derived pyproject.toml with the version of the project itself.

    Plain Poetry needs it where a package requires the project.
    """
    if "project" in derived:
        return {**derived, "project": {**derived["project"], "version": version}}
    tool = derived["tool"]
    return {**derived, "tool": {**tool, "poetry": {**tool["poetry"], "version": version}}}


def _project(
    project: Mapping[str, Any],
    poetry: Mapping[str, Any],
    own: OwnExtras,
    stage: Stage,
    up: PurePosixPath,
) -> dict[str, Any]:
    # A constant, so that the derived file does not change with each release of the project.
    derived: dict[str, Any] = {"name": project.get("name", "project"), "version": "0"}
    python = stage.python or project.get("requires-python")
    if python:
        derived["requires-python"] = python
    required = [*own.resolved(project.get("dependencies", [])), *own.selected(stage.extras)]
    # If there are extras, Poetry does not read the dependencies in its own table.
    if "dependencies" in project or required or (own.extras and "dependencies" in poetry):
        derived["dependencies"] = _in_order(_rebased(required, up))
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
    return {**named, "dependencies": _in_order([*project["dependencies"], *names])}


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


def _in_order(value: Any) -> Any:  # noqa: ANN401 - any TOML value
    """Return a value with all tables and arrays in it sorted."""
    if isinstance(value, Mapping):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return sorted(map(_in_order, value), key=_sort_key) if isinstance(value, list) else value


def _sort_key(item: Any) -> tuple[bool, str, str]:  # noqa: ANN401 - any TOML value
    text = item if isinstance(item, str) else json.dumps(item)
    return not isinstance(item, str), text.lower(), text
