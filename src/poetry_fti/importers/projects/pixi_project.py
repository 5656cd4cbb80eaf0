"""A project with pixi: `[tool.pixi]` of its pyproject.toml, or the pixi.toml beside a pixi.lock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.importers.pixi.environment import pixi_environments, pixi_stage, read_pixi
from poetry_fti.importers.pixi.features import DEFAULT
from poetry_fti.importers.projects.tables import declared_in
from poetry_fti.importers.shared.documents import read_toml, table
from poetry_fti.importers.shared.indexes import named_apart

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

    from poetry_fti.importers.source import Source
    from poetry_fti.model.imported import ImportedStage


def read_pixi_project(source: Source) -> ImportedStage | None:
    """Return an environment of a project that pixi manages, with the requirements of the project.

    Returns None if pixi does not manage it, or the source names a group that is no environment of
    pixi. Raises FtiError if a file is not valid.
    """
    if (manifest := _manifest(source)) is not None:
        return read_pixi(replace(source, path=manifest))
    data = _tables(source)
    if not data:
        return None
    declared = declared_in(source)
    if _is_group(source, [*table(data, "environments"), DEFAULT], declared.groups):
        return None
    path = source.path.with_name("pyproject.toml")
    is_own = source.files.is_project(path.parent)
    groups = {**declared.groups, DEFAULT: () if is_own else declared.main}
    stage = pixi_stage(data, replace(source, path=path), groups)
    return replace(
        stage,
        indexes=tuple(named_apart([*stage.indexes, *declared.indexes])),
        python=stage.python or ("" if is_own else declared.python),
    )


def pixi_stages(source: Source) -> list[str] | None:
    """Return the environments of a project that pixi manages, None if it does not.

    Raises FtiError if a file is not valid.
    """
    if (manifest := _manifest(source)) is not None:
        return pixi_environments(replace(source, path=manifest))
    data = _tables(source)
    return list(table(data, "environments")) if data else None


def _manifest(source: Source) -> PurePath | None:
    path = source.path.with_name("pixi.toml")
    return path if source.path.name == "pixi.lock" and source.files.has(path) else None


def _tables(source: Source) -> Mapping[str, Any]:
    path = source.path.with_name("pyproject.toml")
    if source.path.name not in {"pyproject.toml", "pixi.lock"} or not source.files.has(path):
        return {}
    return table(read_toml(path, source.files), "tool", "pixi")


def _is_group(source: Source, environments: list[str], groups: Mapping[str, object]) -> bool:
    wanted = canonicalize_name(source.environment or source.stage)
    return wanted in map(canonicalize_name, groups) and wanted not in map(
        canonicalize_name, environments
    )
