"""Reads the dependency graph of a stage from its derived project and its lock."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name
from packaging.version import Version
from poetry.core.packages.dependency import Dependency as PoetryDependency
from poetry.core.version.requirements import InvalidRequirementError

from poetry_fti.bridge.lock.dependencies.requirements import (
    dependency_requirement,
    table_requirement,
)
from poetry_fti.bridge.lock.locker import dependency_tables
from poetry_fti.bridge.markers import Narrowing, parsed_marker
from poetry_fti.bridge.project.own_extras import OwnExtras
from poetry_fti.config.groups import read_groups
from poetry_fti.model.dependency_graph import Dependency, DependencyGraph, DependentPackage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model.stage import Stage

_EXTRA: Final = re.compile(r"""extra == ["']([^"']+)["']""")


class GraphReader:
    """Reads what a stage and the packages of its lock require, where the stage's targets need it.

    `packages` are the package tables of the lock, `pyproject` is the content of pyproject.toml.
    """

    def __init__(
        self,
        derived: DerivedStage,
        packages: Iterable[Mapping[str, Any]],
        pyproject: Mapping[str, Any],
    ) -> None:
        """Create a reader; what it returns is read on each call."""
        self._derived = derived
        self._packages = packages
        self._pyproject = pyproject
        self._narrow = Narrowing(derived.stage.targets, derived.python)

    def graph(self) -> DependencyGraph:
        """Return the dependency graph."""
        return DependencyGraph(
            direct=tuple(each for each, applies in self._direct() if applies),
            packages=tuple(
                DependentPackage(
                    name=canonicalize_name(info["name"]),
                    version=Version(info["version"]),
                    requires=tuple(each for each, applies in self._requires(info) if applies),
                )
                for info in self._packages
            ),
        )

    def inapplicable(self, name: NormalizedName) -> Iterator[tuple[str, Dependency]]:
        """Yield the requirements on a package that do not apply on the stage's targets.

        Each follows its requirer, such as `app 1.0`, and has its whole marker.
        """
        for dependency, applies in self._direct():
            if dependency.name == name and not applies:
                yield "pyproject.toml", dependency
        for info in self._packages:
            for dependency, applies in self._requires(info):
                if dependency.name == name and not applies:
                    yield f"{canonicalize_name(info['name'])} {info['version']}", dependency

    def of_extras(self, name: NormalizedName) -> Iterator[tuple[str, Dependency]]:
        """Yield the requirements on a package that extras of locked packages have.

        Each follows its requirer, such as `app 1.0`. The package tables must be complete.
        """
        for info in self._packages:
            requirer = f"{canonicalize_name(info['name'])} {info['version']}"
            for extra, texts in info.get("extras", {}).items():
                for found in map(_parsed, texts):
                    if found is None or found.name != name:
                        continue
                    marker = self._narrow(found.marker.without_extras())
                    if not marker.is_empty():
                        dependency = Dependency(
                            requirement=dependency_requirement(found),
                            extras=_normalized(found.extras),
                            marker="" if marker.is_any() else str(marker),
                            for_extras=(canonicalize_name(extra),),
                        )
                        yield requirer, dependency

    def _direct(self) -> Iterator[tuple[Dependency, bool]]:
        """Yield the direct requirements, and whether each applies on the stage's targets."""
        package, includes = self._derived.package(), read_groups(self._derived.data, [])
        names = sorted(package.dependency_group_names(include_optional=True))
        groups = {name: list(self._in_group(package, name)) for name in names}
        extras = dict(_of_extras(self._derived.stage, self._pyproject.get("project", {})))
        for name, found in groups.items():
            # Poetry adds the requirements of included groups to those of a group.
            included = {each for group in includes.get(name, ()) for each, _ in groups[group]}
            for each, applies in found:
                if each not in included:
                    place = extras.get(each.name, "project dependencies")
                    declared = place if name == "main" else f"group {name}"
                    yield replace(each, declared=declared), applies

    def _in_group(
        self, package: ProjectPackage, group: NormalizedName
    ) -> Iterator[tuple[Dependency, bool]]:
        """Yield the requirements of a group and of those that it includes."""
        for each in package.dependency_group(group).dependencies_for_locking:
            marker = self._narrow(each.marker)
            applies = not marker.is_empty()
            shown = marker if applies else each.marker
            dependency = Dependency(
                requirement=dependency_requirement(each),
                extras=_normalized(each.extras),
                marker="" if shown.is_any() else str(shown),
            )
            yield dependency, applies

    def _requires(self, info: Mapping[str, Any]) -> Iterator[tuple[Dependency, bool]]:
        """Yield the requirements of a package, and whether each applies on the stage's targets."""
        for name, table in dependency_tables(info):
            text = table.get("markers", "")
            whole = parsed_marker(text)
            # Of optional requirements, locks contain only those of extras that are selected.
            is_optional = table.get("optional", False)
            whole = whole.without_extras() if is_optional else whole
            marker = self._narrow(whole)
            applies = not marker.is_empty()
            shown = marker if applies else whole
            dependency = Dependency(
                requirement=table_requirement(name, table),
                extras=_normalized(table.get("extras", ())),
                marker="" if shown.is_any() else str(shown),
                for_extras=_normalized(_EXTRA.findall(text)) if is_optional else (),
            )
            yield dependency, applies


def _normalized(names: Iterable[str]) -> tuple[NormalizedName, ...]:
    return tuple(sorted(set(map(canonicalize_name, names))))


def _parsed(text: str) -> PoetryDependency | None:
    """Return a requirement of an extra in a lock; None if it is not valid."""
    with suppress(InvalidRequirementError, ValueError):
        return PoetryDependency.create_from_pep_508(text)
    return None


def _of_extras(stage: Stage, project: Mapping[str, Any]) -> Iterator[tuple[NormalizedName, str]]:
    """Yield the packages that only extras of the project require, each with its extra."""
    own = OwnExtras.of(project)
    always = {each.name for each in _dependencies(own.resolved(project.get("dependencies", ())))}
    for extra in stage.extras:
        for each in _dependencies(own.selected([extra])):
            if each.name not in always:
                yield each.name, f"extra {extra}"


def _dependencies(texts: Iterable[str]) -> Iterator[PoetryDependency]:
    return (found for found in map(_parsed, texts) if found is not None)
