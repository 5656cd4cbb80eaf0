"""The requirements that a pyproject.toml declares in standard tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from poetry_fti.errors import FtiError
from poetry_fti.importers.shared.documents import array, string, strings, table
from poetry_fti.importers.shared.platform_markers import limited
from poetry_fti.importers.shared.quoting import quoted
from poetry_fti.importers.shared.requirement import read_requirement
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import PurePath

    from packaging.utils import NormalizedName

    from poetry_fti.importers.source import Files
    from poetry_fti.model.imported import ImportedIndex, ImportedRequirement
    from poetry_fti.model.platforms import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a project declares.

    Attributes:
        main: the requirements of the project itself.
        groups: the requirements of its groups, extras and environments by their names.
        extras: those of its extras alone.
        contents: the packages that environments with local packages contain through these.
        python: PEP 440 specifiers of its Python, empty for any.
        indexes: the indexes that it configures.
        constraints: bounds on versions wherever a package occurs.
        overrides: pairs of a package and the constraint that replaces what others require of it.
        alone: the names of environments that do not contain `main`.
        pythons: the specifiers of environments with a Python of their own, by name.
        env: the environment variables of environments, by name.
        platforms: the only platforms that it supports, an empty tuple for any.
        notes: sentences about what was left out.
        group_notes: further ones about single environments, by name.
    """

    main: tuple[ImportedRequirement, ...] = ()
    groups: Mapping[str, tuple[ImportedRequirement, ...]] = field(default_factory=dict)
    extras: Mapping[str, tuple[ImportedRequirement, ...]] = field(default_factory=dict)
    contents: Mapping[str, tuple[NormalizedName, ...]] = field(default_factory=dict)
    python: str = ""
    indexes: tuple[ImportedIndex, ...] = ()
    constraints: tuple[ImportedRequirement, ...] = ()
    overrides: tuple[tuple[NormalizedName, str], ...] = ()
    alone: frozenset[str] = frozenset()
    pythons: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    platforms: tuple[Platform, ...] = ()
    notes: tuple[str, ...] = ()
    group_notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads requirements of a pyproject.toml, and names their place in messages."""

    path: PurePath
    files: Files

    def requirements(self, texts: Iterable[str], key: str) -> Iterator[ImportedRequirement]:
        """Yield parsed requirements; raises FtiError for the first that is not valid."""
        where = f"{self.files.shown(self.path)}, {in_one_line(key)}"
        for text in texts:
            plain = text.removeprefix("-e ")
            found = read_requirement(
                plain, self.path.parent, self.files, where, editable=plain != text
            )
            if found is not None:
                yield found

    def python(self, specifiers: str) -> str:
        """Return specifiers of Python; raises FtiError if they are not valid."""
        try:
            return str(SpecifierSet(specifiers))
        except InvalidSpecifier as error:
            shown = quoted(specifiers)
            raise FtiError(
                f"{self.files.shown(self.path)}: {shown} is not a version specifier."
            ) from error


def read_standard(data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what `[project]` and `[dependency-groups]` declare; raises FtiError if not valid."""
    project = table(data, "project")
    extras = {
        name: tuple(reader.requirements(strings(texts), f"the extra {name}"))
        for name, texts in table(project, "optional-dependencies").items()
    }
    groups = table(data, "dependency-groups")
    found = {
        name: tuple(reader.requirements(_group(name, groups, ()), f"the group {name}"))
        for name in groups
    }
    main = tuple(reader.requirements(strings(project.get("dependencies")), "dependencies"))
    own = canonicalize_name(string(project.get("name")))
    expanded = {
        name: tuple(_expanded(each, own, extras, set()))
        for name, each in (*extras.items(), *found.items())
    }
    return Declared(
        main=tuple(_expanded(main, own, extras, set())),
        groups=expanded,
        extras={name: expanded[name] for name in extras if name not in found},
        python=reader.python(string(project.get("requires-python"))),
    )


def _expanded(
    requirements: Iterable[ImportedRequirement],
    own: NormalizedName,
    extras: Mapping[str, tuple[ImportedRequirement, ...]],
    seen: set[str],
) -> Iterator[ImportedRequirement]:
    """Yield requirements with those of its extras in place of the project itself.

    An extra that is in `seen` is not expanded again.
    """
    for each in requirements:
        if each.normalized != own:
            yield each
            continue
        wanted = set(map(canonicalize_name, each.extras))
        for name, found in extras.items():
            if canonicalize_name(name) in wanted and name not in seen:
                seen.add(name)
                inner = _expanded(found, own, extras, seen)
                yield from (limited(other, each.marker) for other in inner)


def _group(name: str, groups: Mapping[str, Any], including: tuple[str, ...]) -> Iterator[str]:
    """Yield the requirements of a group and of those that it includes."""
    if name in including:
        raise FtiError(f"The dependency group {quoted(name)} includes itself.")
    for item in array(groups.get(name)):
        if isinstance(item, str):
            yield item
            continue
        wanted = canonicalize_name(string(table(item).get("include-group")))
        for other in groups:
            if canonicalize_name(other) == wanted:
                yield from _group(other, groups, (*including, name))
