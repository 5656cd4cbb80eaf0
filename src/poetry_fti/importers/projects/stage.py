"""The environment of a project: one of its groups, with the versions of the lock beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poetry_fti.importers.kinds import kind_by_name
from poetry_fti.importers.projects.declared import Reader
from poetry_fti.importers.projects.locks import LOCKS, lock_entries, locked_versions, roots
from poetry_fti.importers.projects.pixi_project import pixi_stages, read_pixi_project
from poetry_fti.importers.projects.tables import declared_in
from poetry_fti.importers.shared.choice import chosen_environment
from poetry_fti.importers.shared.documents import array, read_toml, string, table, tables
from poetry_fti.importers.shared.requirements import merged, pinned_versions
from poetry_fti.model.imported import ImportedRequirement, ImportedStage

if TYPE_CHECKING:
    from collections.abc import Collection

    from poetry_fti.importers.projects.declared import Declared
    from poetry_fti.importers.projects.locks import LockEntry
    from poetry_fti.importers.source import Source


def read_project(source: Source) -> ImportedStage:
    """Return the environment of the project whose pyproject.toml or lock a source names.

    Its pyproject.toml and its lock complete each other. Raises FtiError if a file is not valid.
    """
    source.files.read(source.path)  # fails with the reason if it cannot be read
    if (of_pixi := read_pixi_project(source)) is not None:
        return of_pixi
    path = source.path.with_name("pyproject.toml")
    entries = _entries(source)
    if not source.files.has(path) and source.path.name in LOCKS:
        return _of_lock(entries, _python(source))
    declared = declared_in(source)
    stage = _of_group(declared, source)
    names = {each.normalized for each in stage.requirements}
    if entries and source.files.is_project(path.parent):
        names |= {each.normalized for each in declared.main}
    versions = dict.fromkeys((*locked_versions(names, entries), *stage.versions))
    return replace(stage, versions=tuple(versions))


def likely_stages(source: Source) -> list[str]:
    """Return the environments of pixi, or else the groups that are likely stages.

    These are the groups that uv must not install together, and those named as kinds of stages.
    Raises FtiError if the pyproject.toml is not valid.
    """
    if (of_pixi := pixi_stages(source)) is not None:
        return of_pixi
    path = source.path.with_name("pyproject.toml")
    has_project = source.files.has(path)
    if not has_project and source.path.name in LOCKS:
        return []
    uv = table(read_toml(path, source.files), "tool", "uv") if has_project else {}
    items = [item for each in array(uv.get("conflicts")) for item in tables(each)]
    conflicting = {string(item.get("group")) or string(item.get("extra")) for item in items}
    groups = declared_in(source).groups
    return [
        name
        for name in groups
        if (name in conflicting or kind_by_name(name)) and not _is_of_matrix(name, groups)
    ]


def _is_of_matrix(name: str, groups: Collection[str]) -> bool:
    return any(name.startswith(f"{other}.") for other in groups)


def _entries(source: Source) -> list[LockEntry]:
    names = [source.path.name] if source.path.name in LOCKS else LOCKS
    found = [path for name in names if source.files.has(path := source.path.with_name(name))]
    return lock_entries(read_toml(found[0], source.files)) if found else []


def _python(source: Source) -> str:
    data = read_toml(source.path, source.files)
    reader = Reader(source.path, source.files)
    return reader.python(string(data.get("requires-python")))


def _of_lock(entries: list[LockEntry], python: str) -> ImportedStage:
    """Return the environment of a lock without a pyproject.toml."""
    versions = {each.name: each.version for each in entries}
    direct = roots(entries)
    return ImportedStage(
        requirements=tuple(
            ImportedRequirement(name=name, specifier=f"=={versions[name]}")
            for name in direct
            if versions.get(name)
        ),
        versions=locked_versions(direct, entries),
        python=python,
    )


def _of_group(declared: Declared, source: Source) -> ImportedStage:
    name = chosen_environment(source, declared.groups)
    # Every stage has the requirements of its own project.
    is_own = source.files.is_project(source.path.parent)
    has_main = name not in declared.alone and not is_own
    found = [*(declared.main if has_main else ()), *declared.groups.get(name or "", ())]
    requirements = merged(found)
    used = {each.index for each in requirements}
    indexes = [i for i in declared.indexes if i.priority != "explicit" or i.name in used]
    python = declared.pythons.get(name or "", "") or ("" if is_own else declared.python)
    return ImportedStage(
        requirements=tuple(requirements),
        constraints=declared.constraints,
        overrides=declared.overrides,
        versions=pinned_versions(requirements),
        indexes=tuple(indexes),
        python=python,
        platforms=declared.platforms,
        env=declared.env.get(name or "", ()),
        notes=(*declared.notes, *declared.group_notes.get(name or "", ())),
    )
