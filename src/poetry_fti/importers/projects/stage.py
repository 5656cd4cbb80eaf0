"""The environment of a project: one of its groups, with the versions of the lock beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.errors import ConfigError
from poetry_fti.importers.kinds import kind_by_name, kind_by_packages
from poetry_fti.importers.projects.declared import Reader
from poetry_fti.importers.projects.locks import LOCKS, lock_entries, locked_versions, roots
from poetry_fti.importers.projects.pixi_project import pixi_stages, read_pixi_project
from poetry_fti.importers.projects.tables import declared_in
from poetry_fti.importers.projects.workspace import workspace_of
from poetry_fti.importers.shared.choice import chosen_environment
from poetry_fti.importers.shared.documents import array, read_toml, string, table, tables
from poetry_fti.importers.shared.requirements import merged, pinned_versions
from poetry_fti.model.imported import ImportedRequirement, ImportedStage
from poetry_fti.wording import in_quotes, joined

if TYPE_CHECKING:
    from collections.abc import Collection

    from packaging.utils import NormalizedName

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

    These are the groups that uv must not install together, and those named as kinds of stages. A
    member of a workspace is a likely stage if its packages show its kind and no other member
    requires it. Raises FtiError if the pyproject.toml is not valid.
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
    declared = declared_in(source)
    required = {name for each in declared.contents.values() for name in each}
    programs = {
        name
        for name, packages in declared.contents.items()
        if kind_by_packages(packages) and canonicalize_name(name) not in required
    }
    return [
        name
        for name in declared.groups
        if name in conflicting | programs or _is_named(name, declared, required)
    ]


def own_groups(source: Source) -> frozenset[str]:
    """Return the dependency groups in the lock of the project that is imported into.

    They can be stages in place. Raises FtiError if the pyproject.toml is not valid.
    """
    path = source.path.with_name("pyproject.toml")
    is_own = source.path.name in LOCKS and source.files.is_project(path.parent)
    if not is_own or not source.files.has(path) or pixi_stages(source) is not None:
        return frozenset()
    return frozenset(table(read_toml(path, source.files), "dependency-groups"))


def _is_named(name: str, declared: Declared, required: Collection[NormalizedName]) -> bool:
    is_library = name in declared.contents and canonicalize_name(name) in required
    is_of_matrix = any(name.startswith(f"{other}.") for other in declared.groups)
    return kind_by_name(name) is not None and not is_library and not is_of_matrix


def _entries(source: Source) -> list[LockEntry]:
    """Return the packages of the lock beside a source, or at the root of its workspace."""
    names = [source.path.name] if source.path.name in LOCKS else LOCKS
    folders = [source.path.parent]
    if workspace := workspace_of(source.path.parent, source.files):
        folders.append(workspace.root.folder)
    paths = (folder / name for folder in folders for name in names)
    path = next(filter(source.files.has, paths), None)
    return lock_entries(read_toml(path, source.files)) if path else []


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
        indirect=tuple(
            ImportedRequirement(name=each.name, specifier=f"=={each.version}", marker=each.marker)
            for each in entries
            if each.version and each.marker is not None and each.name not in direct
        ),
        python=python,
    )


def _of_group(declared: Declared, source: Source) -> ImportedStage:
    name = chosen_environment(source, declared.groups)
    # Every stage has the requirements of its own project.
    is_own = source.files.is_project(source.path.parent)
    has_main = name not in declared.alone and not is_own
    found = [*(declared.main if has_main else ()), *declared.groups.get(name or "", ())]
    requirements = merged(found)
    if name is None and not (requirements or declared.main) and declared.groups:
        raise ConfigError(
            f"{source.name} has no requirements outside of {joined(sorted(declared.groups))}. Name"
            f" one of these, such as {in_quotes(f'{source.name}:{min(declared.groups)}')}."
        )
    used = {each.index for each in requirements}
    indexes = [i for i in declared.indexes if i.priority != "explicit" or i.name in used]
    python = declared.pythons.get(name or "", "") or ("" if is_own else declared.python)
    return ImportedStage(
        requirements=tuple(requirements),
        contents=declared.contents.get(name or "", ()),
        constraints=declared.constraints,
        overrides=declared.overrides,
        versions=pinned_versions(requirements),
        indexes=tuple(indexes),
        python=python,
        platforms=declared.platforms,
        env=declared.env.get(name or "", ()),
        notes=(*declared.notes, *declared.group_notes.get(name or "", ())),
    )
