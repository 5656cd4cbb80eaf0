"""The requirements that leave Poetry's solver without a solution, read from its proof.

`conflict` relates them to dependency groups; `own_clash` and `requirement_lines` are for messages.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final

from poetry.core.constraints.version import VersionRange
from poetry.core.packages.dependency_group import MAIN_GROUP
from poetry.mixology.incompatibility_cause import DependencyCauseError, PythonCauseError
from poetry.puzzle.exceptions import SolverProblemError
from poetry.puzzle.provider import IncompatibleConstraintsError

from poetry_fti.bridge.internals.solver import proof_premises
from poetry_fti.bridge.solving.summary import requirer_text
from poetry_fti.bridge.solving.unusable import UnusableRelease
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.constraints.version import VersionConstraint
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.mixology.incompatibility import Incompatibility

# How a message ends that lists the sources of requirements.
_SOURCE: Final = "source="


@dataclass(frozen=True)
class Conflict(ABC):
    """Requirements of a project that together allow no solution.

    `groups` are all dependency groups of the project, with their requirements.
    """

    groups: Mapping[NormalizedName, Sequence[Dependency]]

    @abstractmethod
    def is_within(self, names: Collection[NormalizedName]) -> bool:
        """Return whether the requirements of these groups conflict without the other groups."""

    @abstractmethod
    def involves(self, names: Collection[NormalizedName]) -> bool:
        """Return whether one of these groups contains one of the requirements."""

    def _requirements(self, names: Iterable[NormalizedName]) -> list[Dependency]:
        return [each for name in names for each in self.groups.get(name, ())]


@dataclass(frozen=True)
class _ListedConflict(Conflict):
    """A conflict between requirements of one package that an error message lists.

    Poetry reports it before it solves: the requirements apply to the same platform and Python.
    """

    lines: frozenset[_Line]

    def is_within(self, names: Collection[NormalizedName]) -> bool:
        own = self._listed(names)
        found = {line for line in self.lines if any(line.lists(each) for each in own)}
        # Some of the listed versions may exclude each other; of listed sources, all do.
        return found == self.lines or _intersection(own).is_empty()

    def involves(self, names: Collection[NormalizedName]) -> bool:
        return bool(self._listed(names))

    def _listed(self, names: Iterable[NormalizedName]) -> list[Dependency]:
        requirements = self._requirements(names)
        return [each for each in requirements if any(line.lists(each) for line in self.lines)]


@dataclass(frozen=True, slots=True)
class _Line:
    """A requirement in an error message; `source` is empty unless sources conflict."""

    requirement: str
    source: str

    @classmethod
    def parse(cls, text: str) -> _Line:
        """Return the requirement in a line of the message."""
        # The marker is left out: it may have been merged with others.
        requirement, *rest = (part.strip() for part in text.split(";"))
        sources = [part for part in rest if part.startswith(_SOURCE)]
        return cls(requirement, sources[-1].removeprefix(_SOURCE) if sources else "")

    def lists(self, dependency: Dependency) -> bool:
        """Return whether the line is about a dependency."""
        requirement = dependency.to_pep_508().partition(";")[0].strip()
        return requirement == self.requirement and self.source in ("", dependency.source_name)


@dataclass(frozen=True)
class _ProvenConflict(Conflict):
    """A conflict that the solver proved from `premises`, the project's own requirements.

    The solver may have merged the requirements of several groups into one premise.
    """

    premises: tuple[Dependency, ...]

    def is_within(self, names: Collection[NormalizedName]) -> bool:
        own = self._requirements(names)
        return all(self._follows(premise, own) for premise in self.premises)

    def involves(self, names: Collection[NormalizedName]) -> bool:
        own = {each.complete_name for each in self._requirements(names)}
        return any(premise.complete_name in own for premise in self.premises)

    def _follows(self, premise: Dependency, own: Iterable[Dependency]) -> bool:
        same = [each for each in own if each.complete_name == premise.complete_name]
        return bool(same) and premise.constraint.allows_all(_intersection(same))


def conflict(error: Exception, root: ProjectPackage) -> Conflict:
    """Return the conflict that an error of Poetry's solver reports for the project `root`.

    Errors of other kinds give a conflict that involves no group. Relies on the message of an
    IncompatibleConstraintsError, which has no other attribute with the requirements.
    """
    names = root.dependency_group_names(include_optional=True)
    groups = {name: root.dependency_group(name).dependencies_for_locking for name in names}
    if isinstance(error, SolverProblemError):
        return _ProvenConflict(groups, tuple(_premises(error)))
    first, *lines = str(error).splitlines()
    is_ours = first == f"Incompatible constraints in requirements of {root}:"
    return _ListedConflict(groups, frozenset(map(_Line.parse, lines if is_ours else ())))


def _premises(error: SolverProblemError) -> Iterator[Dependency]:
    for each in proof_premises(error) or ():
        if isinstance(each.cause, DependencyCauseError) and each.terms[0].dependency.is_root:
            yield each.terms[1].dependency


def _intersection(dependencies: Iterable[Dependency]) -> VersionConstraint:
    everything: VersionConstraint = VersionRange()
    return reduce(lambda found, each: found.intersect(each.constraint), dependencies, everything)


def own_clash(error: Exception, root: ProjectPackage) -> str:
    """Return a sentence that names the requirements of `root` that exclude each other.

    The text is empty for another error, and if the requirements are not those of `root`, or differ
    in their sources or origins. Relies on the message of an IncompatibleConstraintsError.
    """
    first, *lines = dict.fromkeys(str(error).splitlines())
    is_own = first == f"Incompatible constraints in requirements of {root}:"
    if not isinstance(error, IncompatibleConstraintsError) or not is_own:
        return ""
    required: dict[str, list[str]] = {}
    for line in map(_Line.parse, lines):
        owners = list(_owners(line, root))
        if not owners or line.source or "@" in line.requirement:
            return ""
        required.setdefault(joined(owners), []).append(line.requirement)
    clauses = [
        f"{who} {'require' if ' and ' in who else 'requires'} {joined(each)}"
        for who, each in required.items()
    ]
    *others, last = clauses
    text = f"{joined(others)}, but {last}." if others else f"{last}, which exclude each other."
    return text[0].upper() + text[1:]


def _owners(line: _Line, root: ProjectPackage) -> Iterator[str]:
    """Yield which parts of a project list a requirement; none that only includes another one."""
    groups = {
        name: root.dependency_group(name).dependencies_for_locking
        for name in root.dependency_group_names(include_optional=True)
    }
    listing = {
        name: {each.to_pep_508() for each in dependencies}
        for name, dependencies in groups.items()
        if any(map(line.lists, dependencies))
    }
    for name, dependencies in listing.items():
        if name == MAIN_GROUP:
            yield "the project"
        elif not any(other < dependencies for other in listing.values()):
            yield f"the group {name}"


def requirement_lines(
    error: SolverProblemError, identify: Callable[[str], tuple[str, str]]
) -> list[str]:
    """Return the requirements of the solver's proof, a line of text for each, sorted.

    `identify` returns stage and package name for a name in the proof; the stage of the joint
    project and of stand-ins is an empty string. An error whose proof cannot be read gives its
    own text instead.
    """
    premises = proof_premises(error)
    if premises is None:
        return str(error).splitlines()
    versions: dict[tuple[str, str, str], list[str]] = {}
    for incompatibility in premises:
        for stage, package, version, predicate in _requirements(incompatibility, identify):
            versions.setdefault((stage, package, predicate), []).append(version)
    return sorted(
        f"{stage}: {requirer_text(package, found)} {predicate}"
        for (stage, package, predicate), found in versions.items()
    )


def _requirements(
    incompatibility: Incompatibility, identify: Callable[[str], tuple[str, str]]
) -> Iterator[tuple[str, str, str, str]]:
    """Yield stage, name and version of a package, and as a predicate what it requires.

    The name is empty for a requirement of pyproject.toml.
    """
    requirer = incompatibility.terms[0].dependency
    stage, name = identify(requirer.pretty_name)
    version = str(requirer.constraint)
    if isinstance(incompatibility.cause, PythonCauseError) and stage:
        yield stage, name, version, f"requires Python {incompatibility.cause.python_version}"
    if isinstance(incompatibility, UnusableRelease):
        words = ((word, *identify(word)) for word in incompatibility.fault.split())
        fault = " ".join(its_name if its_stage else word for word, its_stage, its_name in words)
        yield stage, name, version, fault
    if isinstance(incompatibility.cause, DependencyCauseError):
        required = incompatibility.terms[1].dependency
        its_stage, its_name = identify(required.pretty_name)
        if its_stage and its_name != name:
            allowed = "" if required.constraint.is_any() else f" {required.constraint}"
            yield its_stage, name if stage else "", version, f"requires {its_name}{allowed}"
