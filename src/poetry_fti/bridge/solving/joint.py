"""Stages bound by a rule, solved as one: the only sure way to versions that all of them can have.

Each variant of a stage gets a number, and each package the number of its variant behind its name:
`numpy:0` and `numpy:1` are strangers to the solver. A package that a rule binds also requires
its own version (or the part of it that the rule is about) of a stand-in, `numpy:=0`, which the
variants share; so the solver takes the same in all of them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final, TypeVar

from packaging.utils import canonicalize_name
from packaging.version import Version as StandardVersion
from poetry.core.constraints.version import Version
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.core.packages.utils.utils import create_nested_marker
from poetry.core.version.markers import parse_marker
from poetry.puzzle.exceptions import SolverProblemError
from poetry.puzzle.solver import Solver

from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.index.pool import StagePool
from poetry_fti.bridge.internals.packages import copy_found_version, rename
from poetry_fti.bridge.internals.solver import replace_provider
from poetry_fti.bridge.solving.conflict_report import obstacles
from poetry_fti.bridge.solving.resolver import solver_errors
from poetry_fti.bridge.solving.solver import ViewProvider
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName

    from poetry_fti.bridge.solving.resolver import Resolver
    from poetry_fti.model import Rule

_MARK: Final = ":"
_SHARED: Final = "="
_Named = TypeVar("_Named", Package, Dependency)


@dataclass(frozen=True, slots=True)
class BoundVariant:
    """A variant of a stage that is solved with others; `preferred` are tried in their order."""

    stage: str
    resolver: Resolver
    preferred: Sequence[Package]


def solve_together(
    variants: Sequence[BoundVariant], rules: Sequence[Rule], io: IO
) -> list[dict[NormalizedName, tuple[StandardVersion, ...]]]:
    """Return versions of each variant with which all rules hold.

    Raises FtiError with what stands in the way where there are none.
    """
    found: list[dict[NormalizedName, set[StandardVersion]]] = [{} for _ in variants]
    for package in _Search(variants, rules, io).solve({}):
        name, number = _unmarked(package.name)
        if not number.startswith(_SHARED):
            versions = found[int(number)].setdefault(canonicalize_name(name), set())
            versions.add(StandardVersion(package.version.text))
    return [{name: tuple(sorted(each)) for name, each in variant.items()} for variant in found]


class _Search:
    """The search for versions with which the rules hold, also where Poetry's solver splits.

    For requirements that depend on the Python, say, it solves several times and puts the results
    together; only within each of them it has the same version of a stand-in.
    """

    def __init__(self, variants: Sequence[BoundVariant], rules: Sequence[Rule], io: IO) -> None:
        self._parts = variants
        self._io = io
        self._pool = _JointPool(variants, rules)
        self._preferred = [
            _marked(package, str(number))
            for number, variant in enumerate(variants)
            for package in variant.preferred
            if not package.is_direct_origin()
        ]

    def solve(self, fixed: Mapping[str, Version]) -> list[Package]:
        """Return a solution with these versions of stand-ins and one of each other; or raise."""
        packages = self._solved(fixed)
        versions: dict[str, list[Version]] = {}
        for package in packages:
            if f"{_MARK}{_SHARED}" in package.name:
                versions.setdefault(package.name, []).append(package.version)
        for name, split in sorted(versions.items()):
            if len(split) > 1:
                return self._with_one(name, split, fixed)
        return packages

    def _with_one(
        self, name: str, likely: Sequence[Version], fixed: Mapping[str, Version]
    ) -> list[Package]:
        lines: set[str] = set()
        tried: set[Version] = set()
        # To find that there is no solution with one version takes a look at all that may be one.
        while untried := self._pool.seen(name) - tried:
            version = max(untried, key=lambda each: (each in likely, each))
            tried.add(version)
            try:
                return self.solve({**fixed, name: version})
            except FtiError as error:
                lines.update(str(error).splitlines())
        raise FtiError("\n".join(sorted(lines)))

    def _solved(self, fixed: Mapping[str, Version]) -> list[Package]:
        root = _root(self._parts)
        for name, version in fixed.items():
            root.add_dependency(Dependency(name, version))
        try:
            with solver_errors():
                solver = _JointSolver(root, self._pool, self._io, self._preferred)
                return list(solver.solve().get_solved_packages())
        except FtiError as error:
            raise FtiError(_explained(error, self._parts)) from error


def _root(variants: Sequence[BoundVariant]) -> ProjectPackage:
    roots = [variant.resolver.root() for variant in variants]
    python = reduce(lambda one, other: one.union(other), (r.python_constraint for r in roots))
    joint = ProjectPackage("project", "0")
    joint.python_versions = str(python)
    for number, root in enumerate(roots):
        for dependency in root.all_requires:
            marked = _marked(dependency, str(number))
            if root.python_constraint != python:
                own = create_nested_marker("python_version", root.python_constraint)
                marked.marker = marked.marker.intersect(parse_marker(own))
            joint.add_dependency(marked)
    return joint


class _JointPool(StagePool):
    """The indexes as all variants see them: whose view is meant, a package's name tells."""

    def __init__(self, variants: Sequence[BoundVariant], rules: Sequence[Rule]) -> None:
        self.variants = variants
        self._rules = rules
        self._pools = [variant.resolver.pool() for variant in variants]
        super().__init__(self._pools[0], MetadataView(), {})
        # No solver asks for a stand-in but for what a package has required of it.
        self._seen: dict[str, set[Version]] = {}

    def seen(self, stand_in: str) -> set[Version]:
        """Return the versions of a stand-in that packages require."""
        return self._seen.get(stand_in, set())

    def package(self, name: str, version: Version, repository_name: str | None = None) -> Package:
        own, number = _unmarked(name)
        if number.startswith(_SHARED):
            return Package(name, version)
        pool = self._pools[int(number)]
        return self.joint(pool.package(own, version, repository_name), number)

    def find_packages(self, dependency: Dependency) -> list[Package]:
        own, number = _unmarked(dependency.pretty_name)
        if number.startswith(_SHARED):
            seen = sorted(self.seen(dependency.name))
            return [Package(dependency.name, v) for v in seen if dependency.constraint.allows(v)]
        found = self._pools[int(number)].find_packages(_renamed(dependency, own))
        return [_marked(package, number) for package in found]

    def refresh(self, package: Package) -> Package:
        own, number = _unmarked(package.pretty_name)
        return self.joint(self._pools[int(number)].refresh(_renamed(package, own)), number)

    def joint(self, package: Package, number: str) -> Package:
        """Return a package of a variant with all its names marked, and bound by the rules."""
        marked = _marked(package.with_dependency_groups([], only=True), number)
        marked.extras = {
            extra: [_marked(each, number) for each in requires]
            for extra, requires in package.extras.items()
        }
        requires = [_marked(each, number) for each in package.requires]
        for each in (*requires, *self._bonds(package, self.variants[int(number)].stage)):
            marked.add_dependency(each)
        return marked

    def _bonds(self, package: Package, stage: str) -> Iterator[Dependency]:
        version = StandardVersion(package.version.text)
        for index, rule in enumerate(self._rules):
            if stage in rule.stages and rule.binds(package.name):
                shared, variant = f"{package.name}{_MARK}{_SHARED}{index}", rule.part(version)
                self._seen.setdefault(shared, set()).add(Version.parse(variant))
                yield Dependency(shared, Version.parse(variant))


class _JointProvider(ViewProvider):
    """Relies on what `ViewProvider` does."""

    def __init__(
        self, root: ProjectPackage, pool: _JointPool, io: IO, preferred: list[Package]
    ) -> None:
        super().__init__(root, pool, io, locked=preferred, view=MetadataView())
        self._joint_pool = pool

    def search_for_direct_origin_dependency(self, dependency: Dependency) -> Package:
        own, number = _unmarked(dependency.pretty_name)
        asked = _renamed(dependency, own)
        found = self._joint_pool.variants[int(number)].resolver.direct_package(asked)
        copy_found_version(asked, dependency)
        return self._joint_pool.joint(found, number)


class _JointSolver(Solver):
    """Poetry's solver with a provider of ours."""

    def __init__(
        self, root: ProjectPackage, pool: _JointPool, io: IO, preferred: list[Package]
    ) -> None:
        super().__init__(root, pool, [], preferred, io)
        replace_provider(self, _JointProvider(root, pool, io, preferred))


def _marked(named: _Named, number: str) -> _Named:
    return _renamed(named, f"{named.pretty_name}{_MARK}{number}")


def _renamed(named: _Named, name: str) -> _Named:
    renamed = copy.copy(named)
    rename(renamed, name)
    return renamed


def _unmarked(name: str) -> tuple[str, str]:
    own, _, number = name.rpartition(_MARK)
    return own, number


def _explained(error: FtiError, variants: Sequence[BoundVariant]) -> str:
    if not isinstance(error.__cause__, SolverProblemError):
        return str(error)

    def readable(name: str) -> tuple[str, str]:
        own, number = _unmarked(name)
        return (variants[int(number)].stage, own) if number.isdigit() else ("", own)

    return "\n".join(f"  {line}" for line in obstacles(error.__cause__, readable))
