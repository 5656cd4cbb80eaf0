"""Solving the stages that a rule binds as one project, with Poetry's solver.

Solving them one after the other cannot prove that no versions satisfy a rule; this can. Each
variant of a stage has a number, and the name of each of its packages ends in it: `numpy:0` and
`numpy:1` are different packages to the solver. A package that a rule binds also requires its own
version (or the part of it that the rule compares) of a stand-in package, `numpy:=0`. The variants
share the stand-ins, so that the solver selects the same version in all of them.
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

from poetry_fti.agreement.versions import group_versions
from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.index.pool import StagePool
from poetry_fti.bridge.solving.conflict import requirement_lines
from poetry_fti.bridge.solving.resolver import solver_errors
from poetry_fti.bridge.solving.solver import ViewProvider
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cleo.io.io import IO
    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.resolver import Resolver
    from poetry_fti.model import Rule

_SEPARATOR: Final = ":"
_STAND_IN: Final = "="
_FOUND: Final = (
    "_constraint",
    "_pretty_constraint",
    "_source_reference",
    "_source_resolved_reference",
    "_source_subdirectory",
)
_Named = TypeVar("_Named", Package, Dependency)


@dataclass(frozen=True, slots=True)
class BoundVariant:
    """A variant of a stage to be solved with others; `preferred` is tried first, in its order."""

    stage: str
    resolver: Resolver
    preferred: Sequence[Package]


def solve_together(
    variants: Sequence[BoundVariant], rules: Sequence[Rule], io: IO
) -> list[Versions]:
    """Return versions of each variant that satisfy all rules, in the order of the variants.

    Raises FtiError with the conflicting requirements if there are none.
    """
    found: list[list[tuple[NormalizedName, StandardVersion]]] = [[] for _ in variants]
    for package in _Search(variants, rules, io).solve({}):
        name, number = _split(package.name)
        if not number.startswith(_STAND_IN):
            version = StandardVersion(package.version.text)
            found[int(number)].append((canonicalize_name(name), version))
    return [group_versions(pairs) for pairs in found]


class _Search:
    """A search for versions that satisfy the rules, also where Poetry's solver runs several times.

    For requirements with different markers, for example, the solver runs once for each of them
    and merges the results. A stand-in has one version in each run, but may differ between runs.
    """

    def __init__(self, variants: Sequence[BoundVariant], rules: Sequence[Rule], io: IO) -> None:
        self._variants = variants
        self._io = io
        self._pool = _JointPool(variants, rules)
        self._preferred = [
            _numbered(package, str(number))
            for number, variant in enumerate(variants)
            for package in variant.preferred
            if not package.is_direct_origin()
        ]

    def solve(self, fixed: Mapping[str, Version]) -> list[Package]:
        """Return a solution with one version of each stand-in, and with the `fixed` versions.

        Raises FtiError if there is none.
        """
        packages = self._solve_once(fixed)
        versions: dict[str, list[Version]] = {}
        for package in packages:
            if f"{_SEPARATOR}{_STAND_IN}" in package.name:
                versions.setdefault(package.name, []).append(package.version)
        for name, found in sorted(versions.items()):
            if len(found) > 1:
                return self._with_one_version(name, found, fixed)
        return packages

    def _with_one_version(
        self, name: str, likely: Sequence[Version], fixed: Mapping[str, Version]
    ) -> list[Package]:
        lines: set[str] = set()
        tried: set[Version] = set()
        # Proving that one version is impossible may read more packages, with more versions.
        while untried := self._pool.stand_in_versions(name) - tried:
            version = max(untried, key=lambda each: (each in likely, each))
            tried.add(version)
            try:
                return self.solve({**fixed, name: version})
            except FtiError as error:
                lines.update(str(error).splitlines())
        raise FtiError("\n".join(sorted(lines)))

    def _solve_once(self, fixed: Mapping[str, Version]) -> list[Package]:
        root = _joint_root(self._variants)
        for name, version in fixed.items():
            root.add_dependency(Dependency(name, version))
        try:
            with solver_errors():
                solver = _JointSolver(root, self._pool, self._io, self._preferred)
                return list(solver.solve().get_solved_packages())
        except FtiError as error:
            raise FtiError(_error_text(error, self._variants)) from error


def _joint_root(variants: Sequence[BoundVariant]) -> ProjectPackage:
    """Return a project with the requirements of all variants, each for its own Pythons."""
    roots = [variant.resolver.root() for variant in variants]
    python = reduce(lambda one, other: one.union(other), (r.python_constraint for r in roots))
    joint = ProjectPackage("project", "0")
    joint.python_versions = str(python)
    for number, root in enumerate(roots):
        for dependency in root.all_requires:
            numbered = _numbered(dependency, str(number))
            if root.python_constraint != python:
                own = create_nested_marker("python_version", root.python_constraint)
                numbered.marker = numbered.marker.intersect(parse_marker(own))
            joint.add_dependency(numbered)
    return joint


class _JointPool(StagePool):
    """The indexes as all variants see them; the number in a name selects the variant."""

    def __init__(self, variants: Sequence[BoundVariant], rules: Sequence[Rule]) -> None:
        self.variants = variants
        self._rules = rules
        self._pools = [variant.resolver.pool() for variant in variants]
        self._repositories = self._pools[0]._repositories  # noqa: SLF001 - as in StagePool
        self._artifact_cache = self._pools[0].artifact_cache
        # The solver looks up a stand-in only after a package has required it.
        self._stand_ins: dict[str, set[Version]] = {}

    def stand_in_versions(self, name: str) -> set[Version]:
        """Return the versions of a stand-in that packages require, of those read so far."""
        return self._stand_ins.get(name, set())

    def package(self, name: str, version: Version, repository_name: str | None = None) -> Package:
        own, number = _split(name)
        if number.startswith(_STAND_IN):
            return Package(name, version)
        pool = self._pools[int(number)]
        return self.joint(pool.package(own, version, repository_name), number)

    def find_packages(self, dependency: Dependency) -> list[Package]:
        own, number = _split(dependency.pretty_name)
        if number.startswith(_STAND_IN):
            versions = sorted(self.stand_in_versions(dependency.name))
            return [
                Package(dependency.name, v) for v in versions if dependency.constraint.allows(v)
            ]
        found = self._pools[int(number)].find_packages(_renamed(dependency, own))
        return [_numbered(package, number) for package in found]

    def refresh(self, package: Package) -> Package:
        own, number = _split(package.pretty_name)
        return self.joint(self._pools[int(number)].refresh(_renamed(package, own)), number)

    def joint(self, package: Package, number: str) -> Package:
        """Return a variant's package with numbered names and the stand-ins that rules require."""
        numbered = _numbered(package.with_dependency_groups([], only=True), number)
        numbered.extras = {
            extra: [_numbered(each, number) for each in requires]
            for extra, requires in package.extras.items()
        }
        requires = [_numbered(each, number) for each in package.requires]
        for each in (*requires, *self._stand_ins_of(package, self.variants[int(number)].stage)):
            numbered.add_dependency(each)
        return numbered

    def _stand_ins_of(self, package: Package, stage: str) -> Iterator[Dependency]:
        version = StandardVersion(package.version.text)
        for index, rule in enumerate(self._rules):
            if stage in rule.stages and rule.binds(package.name):
                name = f"{package.name}{_SEPARATOR}{_STAND_IN}{index}"
                compared = Version.parse(rule.part(version))
                self._stand_ins.setdefault(name, set()).add(compared)
                yield Dependency(name, compared)


class _JointProvider(ViewProvider):
    """Poetry's provider for the packages of several variants.

    Relies on what `ViewProvider` does.
    """

    def __init__(
        self, root: ProjectPackage, pool: _JointPool, io: IO, preferred: list[Package]
    ) -> None:
        super().__init__(root, pool, io, locked=preferred, view=MetadataView())
        self._joint_pool = pool

    def search_for_direct_origin_dependency(self, dependency: Dependency) -> Package:
        own, number = _split(dependency.pretty_name)
        asked = _renamed(dependency, own)
        found = self._joint_pool.variants[int(number)].resolver.direct_package(asked)
        for attribute in _FOUND:  # what Poetry itself notes in the requirement
            setattr(dependency, attribute, getattr(asked, attribute))
        return self._joint_pool.joint(found, number)


class _JointSolver(Solver):
    """Poetry's solver with the provider for several variants."""

    def __init__(
        self, root: ProjectPackage, pool: _JointPool, io: IO, preferred: list[Package]
    ) -> None:
        super().__init__(root, pool, [], preferred, io)
        self._provider = _JointProvider(root, pool, io, preferred)


def _numbered(named: _Named, number: str) -> _Named:
    return _renamed(named, f"{named.pretty_name}{_SEPARATOR}{number}")


def _renamed(named: _Named, name: str) -> _Named:
    renamed = copy.copy(named)
    renamed._pretty_name = name  # noqa: SLF001 - nothing else of it says how it is called
    renamed._name = canonicalize_name(name)  # noqa: SLF001
    return renamed


def _split(name: str) -> tuple[str, str]:
    """Return a package's own name and the number of its variant."""
    own, _, number = name.rpartition(_SEPARATOR)
    return own, number


def _error_text(error: FtiError, variants: Sequence[BoundVariant]) -> str:
    if not isinstance(error.__cause__, SolverProblemError):
        return str(error)

    def identify(name: str) -> tuple[str, str]:
        own, number = _split(name)
        return (variants[int(number)].stage, own) if number.isdigit() else ("", own)

    return "\n".join(f"  {line}" for line in requirement_lines(error.__cause__, identify))
