"""Whose requirements leave Poetry's solver no solution."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from poetry.core.constraints.version import VersionRange
from poetry.mixology.incompatibility_cause import DependencyCauseError
from poetry.puzzle.exceptions import SolverProblemError

from poetry_fti.bridge.internals.solver import proof_premises

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.project_package import ProjectPackage


@dataclass(frozen=True)
class Conflict(ABC):
    """Requirements of the project that exclude a solution together, and what each group asks."""

    groups: Mapping[NormalizedName, Sequence[Dependency]]

    @abstractmethod
    def is_within(self, names: Collection[NormalizedName]) -> bool:
        """Tell whether these groups alone have no solution either, for the same reason."""

    @abstractmethod
    def involves(self, names: Collection[NormalizedName]) -> bool:
        """Tell whether one of the requirements is of one of these groups."""

    def _of(self, names: Iterable[NormalizedName]) -> list[Dependency]:
        return [each for name in names for each in self.groups.get(name, ())]


@dataclass(frozen=True)
class _Listed(Conflict):
    """Requirements of one package for the same platform and Python, as a message lists them."""

    texts: frozenset[str]

    def is_within(self, names: Collection[NormalizedName]) -> bool:
        own = self._listed(names)
        found = {_unmarked(each.to_pep_508()) for each in own}
        # Not all of them need to exclude each other; for sources all that are listed do.
        return found == self.texts or _together(own).is_empty()

    def involves(self, names: Collection[NormalizedName]) -> bool:
        return bool(self._listed(names))

    def _listed(self, names: Iterable[NormalizedName]) -> list[Dependency]:
        return [each for each in self._of(names) if _unmarked(each.to_pep_508()) in self.texts]


@dataclass(frozen=True)
class _Proven(Conflict):
    """The premises of the solver's proof, each maybe merged of what several groups ask for."""

    premises: tuple[Dependency, ...]

    def is_within(self, names: Collection[NormalizedName]) -> bool:
        own = self._of(names)
        return all(self._follows(premise, own) for premise in self.premises)

    def involves(self, names: Collection[NormalizedName]) -> bool:
        own = {each.complete_name for each in self._of(names)}
        return any(premise.complete_name in own for premise in self.premises)

    def _follows(self, premise: Dependency, own: Iterable[Dependency]) -> bool:
        asked = [each for each in own if each.complete_name == premise.complete_name]
        return bool(asked) and premise.constraint.allows_all(_together(asked))


def conflict(error: Exception, root: ProjectPackage) -> Conflict:
    """Return what an error of Poetry's solver says of the project.

    Relies on the incompatibilities that a SolverProblemError is derived from, and on the message
    of an IncompatibleConstraintsError, which is all that it holds.
    """
    names = root.dependency_group_names(include_optional=True)
    groups = {name: root.dependency_group(name).dependencies_for_locking for name in names}
    if isinstance(error, SolverProblemError):
        return _Proven(groups, tuple(_premises(error)))
    first, *lines = str(error).splitlines()
    is_ours = first == f"Incompatible constraints in requirements of {root}:"
    return _Listed(groups, frozenset(map(_unmarked, lines if is_ours else ())))


def _premises(error: SolverProblemError) -> list[Dependency]:
    return [
        each.terms[1].dependency
        for each in proof_premises(error) or ()
        if isinstance(each.cause, DependencyCauseError) and each.terms[0].dependency.is_root
    ]


def _together(dependencies: Iterable[Dependency]) -> VersionConstraint:
    everything: VersionConstraint = VersionRange()
    return reduce(lambda found, each: found.intersect(each.constraint), dependencies, everything)


def _unmarked(requirement: str) -> str:
    # The message has merged markers, and names sources behind the same sign.
    return requirement.partition(";")[0].strip()
