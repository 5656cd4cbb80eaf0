"""Workspaces of uv: projects that are locked together and require each other."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.documents import read_toml, string, strings, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import PurePath

    from packaging.utils import NormalizedName

    from poetry_fti.importers.source import Files

_PROJECT: Final = "pyproject.toml"
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Member:
    """A project of a workspace: its folder, its pyproject.toml, and its settings of uv."""

    folder: PurePath
    data: Mapping[str, Any]
    uv: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the project, empty if it has none."""
        return string(table(self.data, "project").get("name"))

    def is_package(self, *, default: bool) -> bool:
        """Return whether uv installs the project itself, `default` unless it declares that."""
        declared = self.uv.get("package")
        return declared if isinstance(declared, bool) else default


@dataclass(frozen=True, slots=True)
class Workspace:
    """The project at the root of a workspace, and all its members by their normalized names."""

    root: Member
    members: Mapping[NormalizedName, Member]


def workspace_of(folder: PurePath, files: Files) -> Workspace | None:
    """Return the workspace that a folder is the root or a member of, None if there is none.

    Raises FtiError if the pyproject.toml of one of its projects is not valid, and if it may have
    more than 500 members.
    """
    for each in (folder, *folder.parents):
        if not files.has(each / _PROJECT):
            continue
        root = _member(each, files)
        if "workspace" in root.uv:
            members = {canonicalize_name(member.name): member for member in _members(root, files)}
            folders = {member.folder for member in members.values()}
            return Workspace(root, members) if folder in {each, *folders} else None
    return None


def uv_settings(data: Mapping[str, Any], folder: PurePath, files: Files) -> Mapping[str, Any]:
    """Return `[tool.uv]` of a pyproject.toml with what the uv.toml in its folder replaces.

    Raises FtiError if that file is not valid.
    """
    path = folder / "uv.toml"
    replaced = read_toml(path, files) if files.has(path) else {}
    return {**table(data, "tool", "uv"), **replaced}


def _member(folder: PurePath, files: Files) -> Member:
    data = read_toml(folder / _PROJECT, files)
    return Member(folder, data, uv_settings(data, folder, files))


def _members(root: Member, files: Files) -> Iterator[Member]:
    declared = table(root.uv, "workspace")
    excluded = list(strings(declared.get("exclude")))
    if root.name:
        yield root
    found = (
        folder
        for pattern in strings(declared.get("members"))
        for folder in files.matching_folders(root.folder, pattern)
    )
    folders = list(islice(dict.fromkeys(found), _MOST + 1))
    if len(folders) > _MOST:
        raise FtiError(
            f"More than {_MOST} folders match tool.uv.workspace.members in"
            f" {files.shown(root.folder / _PROJECT)}. Narrow it, and run the command again."
        )
    for folder in folders:
        relative = folder.relative_to(root.folder).as_posix()
        if any(fnmatch(relative, each.rstrip("/")) for each in excluded):
            continue
        if folder != root.folder and files.has(folder / _PROJECT):
            member = _member(folder, files)
            if member.name:
                yield member
