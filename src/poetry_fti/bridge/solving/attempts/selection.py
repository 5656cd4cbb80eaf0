"""The packages of a solution, in which versions can be exchanged without solving everything again.

`exchanged` looks for the fewest packages that have to change with one of them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeAlias

from packaging.version import Version as StandardVersion

from poetry_fti.bridge.solving.attempts import UndecidedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package

    from poetry_fti.agreement.versions import Versions


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement, and the name of the package that has it; None for the project itself."""

    requirer: NormalizedName | None
    dependency: Dependency


NeedsByExtra: TypeAlias = "Mapping[NormalizedName | None, Sequence[Need]]"


def needs_by_extra(name: NormalizedName, requirements: Iterable[Dependency]) -> NeedsByExtra:
    """Return the requirements of a package by the extra that they belong to; None without one."""
    found: dict[NormalizedName | None, list[Need]] = {}
    for dependency in requirements:
        need = Need(name, dependency)
        for extra in dependency.in_extras or (None,):
            found.setdefault(extra, []).append(need)
    return found


@dataclass(frozen=True)
class Selection:
    """Packages by name, of which those that `required` leads to are a solution.

    A name has several packages if they are for different targets. `needs_of` returns the
    requirements of a package, by the extra that they belong to.
    """

    required: Sequence[Dependency]
    packages: Mapping[NormalizedName, tuple[Package, ...]]
    needs_of: Callable[[Package], NeedsByExtra]

    @cached_property
    def needs(self) -> Mapping[NormalizedName, Sequence[Need]]:
        """The requirements of the project and of all packages that it needs, by required name."""
        found: dict[NormalizedName, list[Need]] = {}
        visited: set[tuple[NormalizedName, NormalizedName | None]] = set()
        queue = deque(Need(None, dependency) for dependency in self.required)
        while queue:
            need = queue.popleft()
            name, extras = need.dependency.name, need.dependency.extras
            found.setdefault(name, []).append(need)
            for extra in (None, *sorted(extras)):
                if (name, extra) not in visited:
                    visited.add((name, extra))
                    queue.extend(self._needs_of(name, extra))
        return found

    def _needs_of(self, name: NormalizedName, extra: NormalizedName | None) -> Iterator[Need]:
        for package in self.packages.get(name, ()):
            yield from self.needs_of(package).get(extra, ())

    @cached_property
    def versions(self) -> Versions:
        """The versions of the packages that the project needs, ascending, by name."""
        return {
            name: tuple(sorted({_standard(package.version.text) for package in packages}))
            for name in self.needs
            if (packages := self.packages.get(name))
        }

    def changed_from(self, versions: Versions) -> set[NormalizedName]:
        """Return the names whose versions differ from others, or which only one of both has."""
        names = versions.keys() | self.versions.keys()
        return {name for name in names if versions.get(name) != self.versions.get(name)}

    def by_extras(self, name: NormalizedName) -> Mapping[frozenset[NormalizedName], Dependency]:
        """Return a requirement of a package, other than by itself, for each set of its extras.

        The solver decides on the package once for each, and once for no extras. Raises
        UndecidedError if its markers depend on which requirement the solver meets first.
        """
        needs = [each.dependency for each in self.needs.get(name, ()) if each.requirer != name]
        found = {need.extras: need for need in needs}
        if any(found) and any(need.marker != needs[0].marker for need in needs):
            raise UndecidedError
        if needs and frozenset() not in found:
            found[frozenset()] = needs[0].without_features()
        return found

    def with_packages(self, changed: Mapping[NormalizedName, tuple[Package, ...]]) -> Selection:
        """Return the selection with other packages of some names; an empty tuple removes a name."""
        return Selection(self.required, {**self.packages, **changed}, self.needs_of)

    def unmet_with(
        self, changed: Mapping[NormalizedName, tuple[Package, ...]]
    ) -> set[NormalizedName]:
        """Return the names at both ends of the requirements that are not met with other packages.

        They may include those of packages that are not needed with the changes. Raises
        UndecidedError if a requirement is met on some targets, perhaps not on those it is for.
        """
        unmet: set[NormalizedName | None] = set()
        for need in self._affected(changed):
            name = need.dependency.name
            packages = changed.get(name, self.packages.get(name, ()))
            met = [each for each in packages if _is_met(need.dependency, each)]
            if not met:
                unmet |= {name, need.requirer}
            elif len(met) < len(packages):
                raise UndecidedError
        return {name for name in unmet if name is not None}

    def _affected(self, changed: Mapping[NormalizedName, tuple[Package, ...]]) -> Iterator[Need]:
        """Yield the requirements of and on changed packages, and of extras that they activate."""
        for name in changed:
            yield from (need for need in self.needs.get(name, ()) if need.requirer not in changed)
        other = Selection(self.required, {**self.packages, **changed}, self.needs_of)
        queue = [(name, extra) for name in changed for extra in (None, *self._extras(name))]
        visited = set(queue)
        while queue:
            for need in other._needs_of(*queue.pop()):
                yield need
                name, known = need.dependency.name, self._extras(need.dependency.name)
                for extra in need.dependency.extras:
                    if (name, extra) not in visited and (name in changed or extra not in known):
                        visited.add((name, extra))
                        queue.append((name, extra))

    def _extras(self, name: NormalizedName) -> frozenset[NormalizedName]:
        needs = self.needs.get(name, ())
        return frozenset(extra for need in needs for extra in need.dependency.extras)


@cache
def _standard(version: str) -> StandardVersion:
    return StandardVersion(version)


def _is_met(dependency: Dependency, package: Package) -> bool:
    if dependency.is_direct_origin():
        return package.is_direct_origin()
    return dependency.constraint.allows(package.version)


def exchanged(
    selection: Selection,
    package: Package,
    solve: Callable[
        [frozenset[NormalizedName]], Mapping[NormalizedName, tuple[Package, ...]] | None
    ],
) -> Selection | None:
    """Return the selection with another version of a package, or None if that is impossible.

    None also if nothing requires the package any more after what else has to change.

    What the new version conflicts with is solved with it: `solve` returns packages for all names
    that it is given, while it ignores requirements of other names, or None if there are none.
    Then it is impossible for all packages together, too. The conflicts of what it returns with the
    rest are solved in the same way, until there are none left.

    Raises UndecidedError if a conflict involves a package that cannot be exchanged, or for which
    several versions are found.
    """
    solved: frozenset[NormalizedName] = frozenset()
    changed: Mapping[NormalizedName, tuple[Package, ...]] = {package.name: (package,)}
    while unmet := selection.unmet_with(changed):
        involved = solved | unmet | {package.name}
        if involved == solved or not all(_is_exchangeable(selection, name) for name in involved):
            raise UndecidedError
        found = solve(involved)
        if found is None:
            return None
        changed = {name: found.get(name, ()) for name in involved}
        if any(len(packages) > 1 for packages in changed.values()):
            raise UndecidedError
        solved = involved
    result = selection.with_packages(changed)
    return result if package.name in result.needs else None


def _is_exchangeable(selection: Selection, name: NormalizedName) -> bool:
    return not any(each.is_direct_origin() for each in selection.packages.get(name, ()))
