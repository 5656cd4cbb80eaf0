"""`[tool.uv]` and uv.toml: origins of packages, bounds on versions, members of a workspace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poetry_fti.importers.projects.declared import read_standard
from poetry_fti.importers.projects.uv_indexes import uv_indexes
from poetry_fti.importers.projects.uv_notes import uv_notes
from poetry_fti.importers.projects.uv_pythons import group_pythons
from poetry_fti.importers.projects.uv_sources import UvSources
from poetry_fti.importers.projects.workspace import uv_settings, workspace_of
from poetry_fti.importers.shared.documents import strings
from poetry_fti.importers.shared.markers import marked_platforms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.importers.projects.declared import Declared, Reader
    from poetry_fti.importers.projects.workspace import Member, Workspace


def with_uv(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with what `[tool.uv]` adds; raises FtiError if not valid.

    The root of a workspace has an environment for each other member, and its settings are those of
    all members.
    """
    uv = uv_settings(data, reader.path.parent, reader.files)
    workspace = workspace_of(reader.path.parent, reader.files)
    if not uv and workspace is None:
        return declared
    sources = UvSources(reader, uv, workspace)
    old = reader.requirements(strings(uv.get("dev-dependencies")), "tool.uv.dev-dependencies")
    groups = {"dev": tuple(old), **declared.groups} if "dev-dependencies" in uv else declared.groups
    declared = replace(
        declared,
        main=sources.placed(declared.main, ""),
        groups={name: sources.placed(found, name) for name, found in groups.items()},
        pythons=dict(group_pythons(data, uv, declared.python, reader)),
        indexes=(*declared.indexes, *uv_indexes(uv, workspace.root.uv if workspace else uv)),
        notes=(*declared.notes, *uv_notes(uv, reader)),
    )
    if workspace is None:
        return _with_settings(declared, uv, reader)
    path = workspace.root.folder / reader.path.name
    declared = _with_settings(declared, workspace.root.uv, replace(reader, path=path))
    if workspace.root.folder != reader.path.parent:
        return declared
    return _with_members(declared, workspace, sources)


def _with_settings(declared: Declared, uv: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with the settings of uv that apply to all its packages."""
    constraints, overrides = (
        list(reader.requirements(strings(uv.get(key)), f"tool.uv.{key}"))
        for key in ("constraint-dependencies", "override-dependencies")
    )
    # One for all platforms counts more than those for some.
    ordered = sorted(overrides, key=lambda each: not each.marker)
    bounds = {each.normalized: each.specifier for each in ordered if each.specifier}
    return replace(
        declared,
        constraints=tuple(replace(each, extras=()) for each in constraints if each.specifier),
        overrides=tuple(bounds.items()),
        platforms=marked_platforms(list(strings(uv.get("environments")))),
    )


def _with_members(declared: Declared, workspace: Workspace, sources: UvSources) -> Declared:
    """Return what the root of a workspace declares with an environment for each other member."""
    root = workspace.root.folder
    members = [each for each in workspace.members.values() if each.folder != root]
    members = [each for each in members if each.name not in declared.groups]
    read = {each.name: _read(each, sources.reader) for each in members}
    return replace(
        declared,
        groups={**declared.groups, **{each.name: sources.installed(each) for each in members}},
        alone=declared.alone | set(read),
        pythons={
            **declared.pythons,
            **{name: each.python for name, each in read.items() if each.python},
        },
        contents={name: tuple(r.normalized for r in each.main) for name, each in read.items()},
    )


def _read(member: Member, reader: Reader) -> Declared:
    path = member.folder / reader.path.name
    return read_standard(member.data, replace(reader, path=path))
