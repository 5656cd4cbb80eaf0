"""Releases that no solution can contain, whatever else it contains, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.constraints.version.exceptions import ParseConstraintError
from poetry.mixology.incompatibility import Incompatibility
from poetry.mixology.incompatibility_cause import IncompatibilityCauseError
from poetry.mixology.term import Term

from poetry_fti.bridge.index.releases import with_requires

if TYPE_CHECKING:
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.puzzle.provider import IncompatibleConstraintsError


class UnusableRelease(Incompatibility):
    """A release excluded by itself.

    `fault` is what is wrong with it, as a predicate: `requires lib (<1) and lib (>=1)`. `remedy` is
    a sentence for messages, or an empty string.
    """

    def __init__(self, package: Package, fault: str, remedy: str = "") -> None:
        super().__init__(
            [Term(package.to_dependency(), is_positive=True)], IncompatibilityCauseError()
        )
        self.fault = fault
        self.remedy = remedy

    def __str__(self) -> str:
        dependency = self.terms[0].dependency
        return f"{dependency.complete_pretty_name} {dependency.constraint} {self.fault}"


def requirements_fault(error: IncompatibleConstraintsError | ParseConstraintError) -> str:
    """Return the fault of a release whose requirements Poetry's solver rejects with an error.

    Relies on the message of an IncompatibleConstraintsError, which lists the requirements.
    """
    if isinstance(error, ParseConstraintError):
        return "requires an invalid version of Python"
    _, *lines = str(error).splitlines()
    return f"requires {' and '.join(dict.fromkeys(lines))}"


def own_fault(package: Package) -> str:
    """Return that a package requires itself in other versions, or an empty string."""
    unmet = [_text(own) for own in _of_itself(package) if not package.satisfies(own)]
    return f"requires {' and '.join(unmet)}" if unmet else ""


def _text(dependency: Dependency) -> str:
    return dependency.to_pep_508().partition(";")[0].strip()


def without_itself(package: Package) -> Package:
    """Return a package without requirements of itself, which Poetry's solver does not expect."""
    own = {id(dependency) for dependency in _of_itself(package)}
    if not own:
        return package
    return with_requires(package, (d for d in package.requires if id(d) not in own))


def _of_itself(package: Package) -> list[Dependency]:
    name = package.complete_name
    return [dependency for dependency in package.requires if dependency.complete_name == name]
