"""`[tool.uv.sources]`: the origins of requirements, some of which are members of a workspace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from poetry_fti.importers.projects.declared import read_standard
from poetry_fti.importers.projects.uv_indexes import with_pypi
from poetry_fti.importers.shared.documents import string, table, tables
from poetry_fti.importers.shared.places import placed
from poetry_fti.importers.shared.platform_markers import limited, remaining_marker
from poetry_fti.importers.shared.requirements import merged
from poetry_fti.model.imported import ImportedRequirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from packaging.utils import NormalizedName

    from poetry_fti.importers.projects.declared import Reader
    from poetry_fti.importers.projects.workspace import Member, Workspace


@dataclass(frozen=True, slots=True)
class UvSources:
    """The origins of the requirements of a project, which may be in a workspace."""

    reader: Reader
    uv: Mapping[str, Any]
    workspace: Workspace | None

    def placed(
        self, requirements: Iterable[ImportedRequirement], group: str
    ) -> tuple[ImportedRequirement, ...]:
        """Return the requirements of a group, an extra or the project itself with their origins.

        Members of the workspace are followed by what they require from other origins than PyPI,
        which only uv reads from their files. Raises FtiError if such a file is not valid.
        """
        return tuple(merged(self.all_placed(requirements, group, set())))

    def installed(self, member: Member) -> tuple[ImportedRequirement, ...]:
        """Return the requirements that install a member of the workspace, as `placed` does."""
        is_package = member.is_package(default="build-system" in member.data)
        named = ImportedRequirement(name=member.name)
        found = self._of_member(named, member, set(), editable=True, is_package=is_package)
        return tuple(merged(found))

    def all_placed(
        self, requirements: Iterable[ImportedRequirement], group: str, seen: set[str]
    ) -> Iterator[ImportedRequirement]:
        """Yield requirements as `placed` does; `seen` are members whose own ones are left out."""
        for each in requirements:
            for source, found in self._chosen(each, group):
                member = self._member(each.normalized, source)
                if member is None:
                    yield placed(found, source, self._folder(each.normalized))
                    continue
                editable = source.get("editable") is not False
                is_package = member.is_package(default=True)
                yield from self._of_member(
                    found, member, seen, editable=editable, is_package=is_package
                )

    def _chosen(
        self, requirement: ImportedRequirement, group: str
    ) -> Iterator[tuple[Mapping[str, Any], ImportedRequirement]]:
        """Yield the sources of a requirement in a group, and what it is where each applies."""
        value = self._sources().get(requirement.normalized)
        listed = [
            each
            for each in tables(value if isinstance(value, list) else [value])
            if (string(each.get("group")) or string(each.get("extra"))) in ("", group)
        ]
        root = self.workspace.root.uv if self.workspace else self.uv
        for each in listed:
            yield with_pypi(each, self.uv, root), limited(requirement, string(each.get("marker")))
        rest = remaining_marker([string(each.get("marker")) for each in listed])
        if rest is not None:
            yield {}, limited(requirement, rest)

    def _sources(self) -> Mapping[str, Any]:
        """Return the sources by normalized names; those of the root are for all members."""
        root = self.workspace.root.uv if self.workspace else {}
        declared = {**table(root, "sources"), **table(self.uv, "sources")}
        return {canonicalize_name(name): value for name, value in declared.items()}

    def _folder(self, name: str) -> PurePath:
        """Return the folder to which relative paths in the source of a package refer."""
        own = {canonicalize_name(each) for each in table(self.uv, "sources")}
        if name in own or self.workspace is None:
            return self.reader.path.parent
        return self.workspace.root.folder

    def _member(self, name: NormalizedName, source: Mapping[str, Any]) -> Member | None:
        if source.get("workspace") is not True or self.workspace is None:
            return None
        return self.workspace.members.get(name)

    def _of_member(
        self,
        requirement: ImportedRequirement,
        member: Member,
        seen: set[str],
        *,
        editable: bool,
        is_package: bool,
    ) -> Iterator[ImportedRequirement]:
        """Yield a member of the workspace, and what its installation by Poetry needs besides it."""
        if is_package and not self.reader.files.is_project(member.folder):
            yield replace(requirement, path=member.folder, specifier="", editable=editable)
        if member.name in seen:
            return
        seen.add(member.name)
        path = member.folder / self.reader.path.name
        inner = replace(self, reader=replace(self.reader, path=path), uv=member.uv)
        declared = read_standard(member.data, inner.reader)
        extras = set(map(canonicalize_name, requirement.extras))
        found = {"": declared.main, **declared.extras}
        for name, requirements in found.items():
            if name and canonicalize_name(name) not in extras:
                continue
            for each in inner.all_placed(requirements, name, seen):
                if not is_package or each.has_place:
                    yield limited(each, requirement.marker)
