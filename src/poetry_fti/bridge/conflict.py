"""Whose requirements leave Poetry's solver no solution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

from poetry.core.constraints.version import VersionRange
from poetry.mixology.incompatibility_cause import DependencyCauseError
from poetry.puzzle.exceptions import SolverProblemError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.project_package import ProjectPackage


@dataclass(frozen=True, slots=True)
class _Listed:
    """A requirement as the message for two that cannot both hold lists it."""

    text: str

    def among(self, dependencies: Iterable[Dependency]) -> list[Dependency]:
        return [each for each in dependencies if _unmarked(each.to_pep_508()) == self.text]

    def follows_from(self, dependencies: Iterable[Dependency]) -> bool:
        return bool(self.among(dependencies))


@dataclass(frozen=True, slots=True)
class _Proven:
    """A requirement of the solver's proof, for which it may have merged several."""

    dependency: Dependency

    def among(self, dependencies: Iterable[Dependency]) -> list[Dependency]:
        name = self.dependency.complete_name
        return [each for each in dependencies if each.complete_name == name]

    def follows_from(self, dependencies: Iterable[Dependency]) -> bool:
        constraints = [each.constraint for each in self.among(dependencies)]
        everything: VersionConstraint = VersionRange()
        together = reduce(lambda one, other: one.intersect(other), constraints, everything)
        return bool(constraints) and self.dependency.constraint.allows_all(together)


_Asked: TypeAlias = _Listed | _Proven


@dataclass(frozen=True, slots=True)
class Conflict:
    """A failed solve: the project's own requirements that exclude a solution together."""

    asked: Sequence[_Asked]
    groups: Mapping[NormalizedName, Sequence[Dependency]]

    def is_within(self, names: Collection[NormalizedName]) -> bool:
        """Tell whether these groups alone have no solution either, by the same proof."""
        own = [each for name in names for each in self.groups.get(name, ())]
        return all(asked.follows_from(own) for asked in self.asked)

    def involves(self, names: Collection[NormalizedName]) -> bool:
        """Tell whether one of the requirements is of one of these groups."""
        own = [each for name in names for each in self.groups.get(name, ())]
        return any(asked.among(own) for asked in self.asked)


def conflict(error: Exception, root: ProjectPackage) -> Conflict:
    """Return what Poetry's error says of the project; nothing where it is about something else.

    Relies on the incompatibilities that a SolverProblemError is derived from, and on the message
    of an IncompatibleConstraintsError, which is all that it holds.
    """
    names = root.dependency_group_names(include_optional=True)
    groups = {name: root.dependency_group(name).dependencies_for_locking for name in names}
    if isinstance(error, SolverProblemError):
        return Conflict(_proven(error), groups)
    first, *lines = str(error).splitlines()
    is_ours = first == f"Incompatible constraints in requirements of {root}:"
    return Conflict([_Listed(_unmarked(line)) for line in lines if is_ours], groups)


def _proven(error: SolverProblemError) -> list[_Proven]:
    proof = error.error._incompatibility.external_incompatibilities  # noqa: SLF001
    return [
        _Proven(each.terms[1].dependency)
        for each in proof
        if isinstance(each.cause, DependencyCauseError) and each.terms[0].dependency.is_root
    ]


def _unmarked(requirement: str) -> str:
    # The message has merged markers, and names sources behind the same sign.
    return requirement.partition(";")[0].strip()
