"""Environments of Hatch as groups of a project: requirements, Python and variables of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from poetry_fti.importers.hatch.context import formatted
from poetry_fti.importers.hatch.environments import environments, pythons_of
from poetry_fti.importers.hatch.notes import environment_notes
from poetry_fti.importers.shared.documents import read_toml, strings, table
from poetry_fti.importers.shared.platform_markers import with_platforms
from poetry_fti.importers.shared.python import minor_versions
from poetry_fti.importers.shared.requirements import merged
from poetry_fti.model.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.importers.projects.declared import Declared, Reader
    from poetry_fti.model.imported import ImportedRequirement

_FILE: Final = "hatch.toml"
# One platform for each operating system, whose names are those of Hatch.
_PLATFORMS: Final = tuple(Platform(os, "amd64") for os in ("linux", "macos", "windows"))


def with_hatch(declared: Declared, data: Mapping[str, Any], reader: Reader) -> Declared:
    """Return what a project declares with its environments of Hatch; raises FtiError if not valid.

    An environment contains the project's own requirements unless it is detached or skips the
    installation of the project.
    """
    envs, key = table(data, "tool", "hatch", "envs"), "tool.hatch.envs"
    path = reader.path.with_name(_FILE)
    if reader.files.has(path) and "envs" in (own := read_toml(path, reader.files)):
        envs, key, reader = table(own, "envs"), "envs", replace(reader, path=path)
    found = {each: environments(envs, each.os) for each in _PLATFORMS}
    read = {
        name: _Environment(
            {each: tables[name] for each, tables in found.items()},
            declared.groups,
            reader,
            f"{key}.{name}",
        )
        for name in found[_PLATFORMS[0]]
        if all(name in tables for tables in found.values())
    }
    return replace(
        declared,
        groups={**declared.groups, **{name: each.requirements() for name, each in read.items()}},
        alone=declared.alone.union(name for name, each in read.items() if each.is_alone),
        pythons={
            **declared.pythons,
            **{name: python for name, each in read.items() if (python := each.python)},
        },
        env={name: each.variables() for name, each in read.items()},
        group_notes={name: tuple(each.notes()) for name, each in read.items()},
    )


@dataclass(frozen=True, slots=True)
class _Environment:
    """An environment with the groups and extras of its project, on all operating systems."""

    data: Mapping[Platform, Mapping[str, Any]]
    groups: Mapping[str, tuple[ImportedRequirement, ...]]
    reader: Reader
    key: str

    @property
    def is_alone(self) -> bool:
        return all(each.get("skip-install") is True for each in self.data.values())

    @property
    def python(self) -> str:
        found = {minor_versions(pythons_of(each)) for each in self.data.values()}
        return found.pop() if len(found) == 1 else ""

    def requirements(self) -> tuple[ImportedRequirement, ...]:
        found = {each: merged(self._requirements(env)) for each, env in self.data.items()}
        return tuple(with_platforms(found))

    def variables(self) -> tuple[tuple[str, str], ...]:
        first, *others = (table(each, "env-vars") for each in self.data.values())
        return tuple(
            (name, value)
            for name, value in first.items()
            if isinstance(value, str)
            and "{" not in value
            and all(each.get(name) == value for each in others)
        )

    def notes(self) -> Iterator[str]:
        return environment_notes(list(self.data.values()), self.reader, self.key)

    def _requirements(self, env: Mapping[str, Any]) -> Iterator[ImportedRequirement]:
        for key in ("dependencies", "extra-dependencies"):
            texts = (formatted(text, self.reader.path.parent) for text in strings(env.get(key)))
            yield from self.reader.requirements(filter(None, texts), self.key)
        groups = {canonicalize_name(name): found for name, found in self.groups.items()}
        for key in ("features", "dependency-groups"):
            for name in strings(env.get(key)):
                yield from groups.get(canonicalize_name(name), ())
