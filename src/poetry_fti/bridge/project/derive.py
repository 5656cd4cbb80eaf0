"""The derived project of a stage: its pyproject.toml if the stage were a project of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.bridge.project.derive_poetry import derive_poetry_table
from poetry_fti.bridge.project.rebase import parsed_requirement, rebase_requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import PurePosixPath

    from packaging.utils import NormalizedName

    from poetry_fti.model import Stage

_DYNAMIC: Final = ("dependencies", "optional-dependencies")


def derive(pyproject: Mapping[str, Any], stage: Stage, up: PurePosixPath) -> dict[str, Any]:
    """Return the data of a stage's derived pyproject.toml.

    `up` is the relative path from the stage's folder to the project's root, to which paths of
    local dependencies are adapted. Extras that the stage does not select and groups that it does
    not include are left out; the names and includes of the other groups are kept.
    """
    project = pyproject.get("project", {})
    poetry = pyproject.get("tool", {}).get("poetry", {})
    derived: dict[str, Any] = {}
    if project:
        derived["project"] = _project(project, stage, up)
    groups = _standard_groups(pyproject.get("dependency-groups", {}), stage, up)
    if groups:
        derived["dependency-groups"] = groups
    derived["tool"] = {"poetry": derive_poetry_table(poetry, derived.get("project"), stage, up)}
    return derived


def _project(project: Mapping[str, Any], stage: Stage, up: PurePosixPath) -> dict[str, Any]:
    # A constant, so that the derived file does not change with each release of the project.
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
    """Return extras with those that they include by requiring the project (`name[extra]`)."""
    by_name = {canonicalize_name(extra): requirements for extra, requirements in optional.items()}
    found: set[NormalizedName] = set()
    waiting = list(extras)
    while waiting:
        extra = waiting.pop()
        if extra in found:
            continue
        found.add(extra)
        for requirement in map(parsed_requirement, by_name.get(extra, [])):
            if requirement is not None and canonicalize_name(requirement.name) == name:
                waiting.extend(canonicalize_name(other) for other in requirement.extras)
    return found


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
