"""The table `[tool.poetry]` of a derived project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.rebase import parsed_requirement, rebase_constraint
from poetry_fti.bridge.project.sources import usable_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model.stage import Stage

# Keys of [tool.poetry] that affect how every stage is solved and built.
_SHARED_KEYS: Final = ("requires-poetry", "build-constraints")


def derive_poetry_table(
    poetry: Mapping[str, Any], project: Mapping[str, Any] | None, stage: Stage, up: PurePosixPath
) -> dict[str, Any]:
    """Return the table `[tool.poetry]` of a stage's derived project.

    `poetry` is the table of the whole project, `project` is the table `[project]` that has been
    derived already (None without one), and `up` leads from the stage's folder to the root.
    """
    derived: dict[str, Any] = {"package-mode": False}
    if project is None and "name" in poetry:
        derived["name"] = poetry["name"]
    dependencies = _dependencies(poetry, project, stage, up)
    if project is None and stage.python:
        dependencies["python"] = stage.python
    if dependencies:
        derived["dependencies"] = dependencies
    if "dev" in stage.locked_groups and "dev-dependencies" in poetry:
        derived["dev-dependencies"] = _rebased_table(poetry["dev-dependencies"], up)
    groups = _poetry_groups(poetry.get("group", {}), stage, up)
    if groups:
        derived["group"] = groups
    sources = usable_sources(poetry.get("source", ()), _dependency_tables(derived))
    if sources:
        derived["source"] = sources
    return derived | {key: poetry[key] for key in _SHARED_KEYS if key in poetry}


def _dependency_tables(derived: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for table in (derived, *derived.get("group", {}).values()):
        yield table.get("dependencies", {})
    yield derived.get("dev-dependencies", {})


def selected_names(poetry: Mapping[str, Any], stage: Stage) -> set[NormalizedName]:
    """Return the packages in the extras of `[tool.poetry]` that a stage selects."""
    extras: Mapping[str, list[str]] = poetry.get("extras", {})
    selected = (
        names for extra, names in extras.items() if canonicalize_name(extra) in stage.extras
    )
    return {canonicalize_name(name) for names in selected for name in names}


def _dependencies(
    poetry: Mapping[str, Any], project: Mapping[str, Any] | None, stage: Stage, up: PurePosixPath
) -> dict[str, Any]:
    table = _rebased_table(poetry.get("dependencies", {}), up)
    if project is not None and stage.python:
        table.pop("python", None)
    selected = selected_names(poetry, stage)
    declared = declared_names(project)
    return {
        name: _required(constraint) if canonicalize_name(name) in selected else constraint
        for name, constraint in table.items()
        if name == "python"
        or canonicalize_name(name) in declared | selected
        or (_declares_dependencies(project) and not _is_optional(constraint))
    }


def _required(constraint: Any) -> Any:  # noqa: ANN401 - any TOML value
    """Return a constraint that is not optional."""
    if isinstance(constraint, list):
        return [_required(item) for item in constraint]
    if not isinstance(constraint, Mapping):
        return constraint
    return {key: value for key, value in constraint.items() if key != "optional"}


def declared_names(project: Mapping[str, Any] | None) -> set[NormalizedName]:
    """Return the packages in `[project]`, to which Poetry's table adds details such as a source."""
    requirements: list[str] = project.get("dependencies", []) if project else []
    return {
        canonicalize_name(parsed.name)
        for parsed in map(parsed_requirement, requirements)
        if parsed is not None
    }


def _declares_dependencies(project: Mapping[str, Any] | None) -> bool:
    """Return whether `[tool.poetry.dependencies]` declares dependencies, not only details."""
    return project is None or "dependencies" not in project or "dynamic" in project


def _is_optional(constraint: object) -> bool:
    constraints = constraint if isinstance(constraint, list) else [constraint]
    return any(isinstance(item, Mapping) and item.get("optional") for item in constraints)


def _rebased_table(table: Mapping[str, Any], up: PurePosixPath) -> dict[str, Any]:
    return {name: rebase_constraint(constraint, up) for name, constraint in table.items()}


def _poetry_groups(
    groups: Mapping[str, Any], stage: Stage, up: PurePosixPath
) -> dict[str, dict[str, Any]]:
    derived = {}
    for name, group in groups.items():
        if canonicalize_name(name) not in stage.locked_groups:
            continue
        table: dict[str, Any] = {}
        # The stage's other groups are always installed, so they are not optional.
        if group.get("optional") and canonicalize_name(name) in stage.dev_groups:
            table["optional"] = True
        if "include-groups" in group:
            table["include-groups"] = list(group["include-groups"])
        if "dependencies" in group:
            table["dependencies"] = _rebased_table(group["dependencies"], up)
        if table:
            derived[name] = table
    return derived
