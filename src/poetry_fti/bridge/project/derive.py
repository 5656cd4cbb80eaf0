"""The derived project: the pyproject.toml that a stage would have as a project of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.rebase import rebase_constraint, rebase_requirement
from poetry_fti.urls import public_url

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model import Stage

# Keys of [tool.poetry] that decide how packages are found and built, for every stage alike.
_SHARED_KEYS: Final = ("requires-poetry", "build-constraints")
_DYNAMIC: Final = ("dependencies", "optional-dependencies")


def derive(pyproject: Mapping[str, Any], stage: Stage, up: PurePosixPath) -> dict[str, Any]:
    """Return the derived project's data; `up` leads from the stage's folder to the root.

    Group names and include structure are kept, paths are rebased, extras that the stage does
    not select and groups that it does not reach are left out.
    """
    project = pyproject.get("project", {})
    poetry = pyproject.get("tool", {}).get("poetry", {})
    derived: dict[str, Any] = {}
    if project:
        derived["project"] = _project(project, stage, up)
    groups = _standard_groups(pyproject.get("dependency-groups", {}), stage, up)
    if groups:
        derived["dependency-groups"] = groups
    derived["tool"] = {"poetry": _poetry(poetry, derived.get("project"), stage, up)}
    return derived


def _project(project: Mapping[str, Any], stage: Stage, up: PurePosixPath) -> dict[str, Any]:
    # A version that moves with every release would make each lock's neighbour move too.
    derived: dict[str, Any] = {"name": project.get("name", "project"), "version": "0"}
    python = stage.python or project.get("requires-python")
    if python:
        derived["requires-python"] = python
    optional = project.get("optional-dependencies", {})
    if "dependencies" in project or optional:
        derived["dependencies"] = _rebased(project.get("dependencies", []), up)
    selected = _selected_extras(optional, canonicalize_name(derived["name"]), stage.extras)
    extras = {
        extra: _rebased(requirements, up)
        for extra, requirements in optional.items()
        if canonicalize_name(extra) in selected
    }
    if extras:
        derived["optional-dependencies"] = extras
    dynamic = [key for key in project.get("dynamic", []) if key in _DYNAMIC]
    if dynamic:
        derived["dynamic"] = dynamic
    return derived


def _selected_extras(
    optional: Mapping[str, list[str]], name: str, extras: Iterable[NormalizedName]
) -> set[NormalizedName]:
    """Return the extras and those that they name through the project itself (`name[extra]`)."""
    by_name = {canonicalize_name(extra): requirements for extra, requirements in optional.items()}
    found: set[NormalizedName] = set()
    waiting = list(extras)
    while waiting:
        extra = waiting.pop()
        if extra in found:
            continue
        found.add(extra)
        for requirement in map(_parsed, by_name.get(extra, [])):
            if requirement is not None and canonicalize_name(requirement.name) == name:
                waiting.extend(canonicalize_name(other) for other in requirement.extras)
    return found


def _parsed(requirement: str) -> Requirement | None:
    try:
        return Requirement(requirement)
    except InvalidRequirement:  # Poetry's own dialect, or an error that Poetry explains
        return None


def _standard_groups(
    groups: Mapping[str, list[Any]], stage: Stage, up: PurePosixPath
) -> dict[str, Any]:
    return {
        name: _rebased(items, up)
        for name, items in groups.items()
        if canonicalize_name(name) in stage.locked_groups
    }


def _rebased(items: Iterable[Any], up: PurePosixPath) -> list[Any]:
    return [rebase_requirement(item, up) if isinstance(item, str) else item for item in items]


def _poetry(
    poetry: Mapping[str, Any], project: Mapping[str, Any] | None, stage: Stage, up: PurePosixPath
) -> dict[str, Any]:
    derived: dict[str, Any] = {"package-mode": False}
    if project is None and "name" in poetry:
        derived["name"] = poetry["name"]
    dependencies = _dependencies(poetry, project, stage, up)
    if project is None and stage.python:
        dependencies["python"] = stage.python
    if dependencies:
        derived["dependencies"] = dependencies
    extras = _poetry_extras(poetry, stage)
    if extras:
        derived["extras"] = extras
    if "dev" in stage.locked_groups and "dev-dependencies" in poetry:
        derived["dev-dependencies"] = _rebased_table(poetry["dev-dependencies"], up)
    groups = _poetry_groups(poetry.get("group", {}), stage, up)
    if groups:
        derived["group"] = groups
    if "source" in poetry:
        derived["source"] = public_sources(poetry["source"])
    return derived | {key: poetry[key] for key in _SHARED_KEYS if key in poetry}


def _poetry_extras(poetry: Mapping[str, Any], stage: Stage) -> dict[str, Any]:
    extras: Mapping[str, Any] = poetry.get("extras", {})
    return {
        extra: list(names)
        for extra, names in extras.items()
        if canonicalize_name(extra) in stage.extras
    }


def _dependencies(
    poetry: Mapping[str, Any], project: Mapping[str, Any] | None, stage: Stage, up: PurePosixPath
) -> dict[str, Any]:
    table = _rebased_table(poetry.get("dependencies", {}), up)
    if project is not None and stage.python:
        table.pop("python", None)
    selected = {
        canonicalize_name(name)
        for names in _poetry_extras(poetry, stage).values()
        for name in names
    }
    declared = _declared_names(project)
    return {
        name: constraint
        for name, constraint in table.items()
        if name == "python"
        or canonicalize_name(name) in declared | selected
        or (_is_free(project) and not _is_optional(constraint))
    }


def _declared_names(project: Mapping[str, Any] | None) -> set[NormalizedName]:
    """Return the names that `[tool.poetry.dependencies]` adds details to (its source, say)."""
    if project is None:
        return set()
    optional: Mapping[str, list[str]] = project.get("optional-dependencies", {})
    strings = [*project.get("dependencies", []), *(s for extra in optional.values() for s in extra)]
    return {
        canonicalize_name(parsed.name) for parsed in map(_parsed, strings) if parsed is not None
    }


def _is_free(project: Mapping[str, Any] | None) -> bool:
    """Tell whether `[tool.poetry.dependencies]` declares dependencies of its own."""
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
        # A stage has no use for groups of its own that wait to be asked for.
        if group.get("optional") and canonicalize_name(name) in stage.dev_groups:
            table["optional"] = True
        if "include-groups" in group:
            table["include-groups"] = list(group["include-groups"])
        if "dependencies" in group:
            table["dependencies"] = _rebased_table(group["dependencies"], up)
        if table:
            derived[name] = table
    return derived


def public_sources(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return `[[tool.poetry.source]]` with URLs that anybody may read."""
    return [
        {key: public_url(value) if key == "url" else value for key, value in source.items()}
        for source in sources
    ]
