"""The packages of several variants of stages as one pool for Poetry's solver; see `joint`.

The name of a package ends in the number of its variant: `numpy:0` and `numpy:1` are different
packages to the solver. The name of a stand-in, which variants share, ends in `=` and the number
of a rule: `numpy:=0`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from packaging.version import Version as StandardVersion
from poetry.core.constraints.version import Version
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.puzzle.solver import Solver

from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.index.pool import StagePool
from poetry_fti.bridge.internals.packages import copy_found_version, rename
from poetry_fti.bridge.internals.solver import replace_provider
from poetry_fti.bridge.solving.preferred import PreferredPackages
from poetry_fti.bridge.solving.solver import ViewProvider

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cleo.io.io import IO
    from poetry.core.packages.project_package import ProjectPackage

    from poetry_fti.bridge.lock.installable_files import InstallableFiles
    from poetry_fti.bridge.solving.resolver import Resolver
    from poetry_fti.model.rule import Rule

_SEPARATOR: Final = ":"
_STAND_IN: Final = "="
_Named = TypeVar("_Named", Package, Dependency)


@dataclass(frozen=True, slots=True)
class BoundVariant:
    """A variant of a stage to be solved with others; `preferred` is tried first, in its order."""

    stage: str
    resolver: Resolver
    preferred: Sequence[Package]


class JointPool(StagePool):
    """The indexes as all variants see them; the number in a name selects the variant."""

    def __init__(self, variants: Sequence[BoundVariant], rules: Sequence[Rule]) -> None:
        self.variants = variants
        self._rules = rules
        self._pools = [variant.resolver.pool() for variant in variants]
        self._root = variants[0].resolver.root()
        super().__init__(self._pools[0], MetadataView(), {})
        # The solver looks up a stand-in only after a package has required it.
        self._stand_ins: dict[str, set[Version]] = {}

    def stand_in_versions(self, name: str) -> set[Version]:
        """Return the versions of a stand-in that packages require, of those read so far."""
        return self._stand_ins.get(name, set())

    def package(self, name: str, version: Version, repository_name: str | None = None) -> Package:
        """Return a release of a variant, or a stand-in; raises PackageNotFoundError."""
        own, number = split_name(name)
        if is_stand_in(number):
            return Package(name, version)
        pool = self._pools[int(number)]
        return self.joint(pool.package(own, version, repository_name), number)

    def find_packages(self, dependency: Dependency) -> list[Package]:
        """Return the releases of a variant, or the stand-ins, that satisfy a requirement."""
        own, number = split_name(dependency.pretty_name)
        if is_stand_in(number):
            versions = sorted(self.stand_in_versions(dependency.name))
            return [
                Package(dependency.name, v) for v in versions if dependency.constraint.allows(v)
            ]
        if own == self._root.name:  # no release of an index stands in for the project itself
            return []
        found = self._pools[int(number)].find_packages(_renamed(dependency, own))
        return [with_number(package, number) for package in found]

    def refresh(self, package: Package) -> Package:
        """Return a release after requesting its metadata from the index again."""
        own, number = split_name(package.pretty_name)
        return self.joint(self._pools[int(number)].refresh(_renamed(package, own)), number)

    def joint(self, package: Package, number: str) -> Package:
        """Return a variant's package with numbered names and the stand-ins that rules require."""
        numbered = with_number(package.with_dependency_groups([], only=True), number)
        numbered.extras = {
            extra: [with_number(each, number) for each in requires]
            for extra, requires in package.extras.items()
        }
        requires = [
            with_number(each, number) for each in package.requires if not self._is_root(each)
        ]
        for each in (*requires, *self._stand_ins_of(package, self.variants[int(number)].stage)):
            numbered.add_dependency(each)
        return numbered

    def _is_root(self, dependency: Dependency) -> bool:
        """Return whether the project itself, which is the same for all, satisfies a requirement."""
        root = self._root
        return dependency.name == root.name and dependency.constraint.allows(root.version)

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
        self, root: ProjectPackage, pool: JointPool, io: IO, preferred: list[Package]
    ) -> None:
        super().__init__(root, pool, io, PreferredPackages(packages=preferred), MetadataView())
        self._joint_pool = pool

    def bound_fault(self, package: Package) -> str:
        """Return that a constraint of a variant's stage excludes a package, or an empty string."""
        own, number = split_name(package.name)
        if not number.isdigit():
            return ""
        return self._joint_pool.variants[int(number)].resolver.view.bounds.fault(own, package)

    def files(self, package: Package) -> InstallableFiles | None:
        """Return the files of which a variant's package needs one; None if it needs none."""
        _, number = split_name(package.name)
        variants = self._joint_pool.variants
        return variants[int(number)].resolver.view.files if number.isdigit() else None

    def search_for_direct_origin_dependency(self, dependency: Dependency) -> Package:
        own, number = split_name(dependency.pretty_name)
        asked = _renamed(dependency, own)
        found = self._joint_pool.variants[int(number)].resolver.direct_package(asked)
        copy_found_version(asked, dependency)
        return self._joint_pool.joint(found, number)


class JointSolver(Solver):
    """Poetry's solver with the provider for several variants."""

    def __init__(
        self, root: ProjectPackage, pool: JointPool, io: IO, preferred: list[Package]
    ) -> None:
        super().__init__(root, pool, [], preferred, io)
        replace_provider(self, _JointProvider(root, pool, io, preferred))


def with_number(named: _Named, number: str) -> _Named:
    """Return a copy of a package or a requirement with the number of a variant in its name."""
    return _renamed(named, f"{named.pretty_name}{_SEPARATOR}{number}")


def _renamed(named: _Named, name: str) -> _Named:
    renamed = copy.copy(named)
    rename(renamed, name)
    return renamed


def is_stand_in(number: str) -> bool:
    """Return whether a number that `split_name` returned is that of a stand-in."""
    return number.startswith(_STAND_IN)


def split_name(name: str) -> tuple[str, str]:
    """Return a package's own name and the number of its variant.

    The number of a stand-in begins with `=`. Of a name without a separator, such as the joint
    project's, the own name is empty, and the number is no number.
    """
    own, _, number = name.rpartition(_SEPARATOR)
    return own, number
