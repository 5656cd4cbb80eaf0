"""Releases that no solution can contain, whatever else it contains, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry.core.constraints.version.exceptions import ParseConstraintError
from poetry.mixology.incompatibility import Incompatibility
from poetry.mixology.incompatibility_cause import (
    DependencyCauseError,
    IncompatibilityCauseError,
    NoVersionsCauseError,
)
from poetry.mixology.term import Term

from poetry_fti.bridge.index.releases import with_requires
from poetry_fti.bridge.lock.installable_files import remedy
from poetry_fti.errors import FtiError
from poetry_fti.urls import public_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.puzzle.provider import IncompatibleConstraintsError

# An explanation names up to this many releases one by one.
_MANY: Final = 4
_ONE_OF_EACH: Final = 2


class UnusableRelease(Incompatibility):
    """A release excluded by itself.

    `fault` is what is wrong with it, as a predicate: `requires lib (<1) and lib (>=1)`. If it has
    no file for some target, `helpful` returns the settings of which another value would help.
    """

    def __init__(
        self, package: Package, fault: str, helpful: Callable[[], Collection[str]] | None = None
    ) -> None:
        super().__init__(
            [Term(package.to_dependency(), is_positive=True)], IncompatibilityCauseError()
        )
        self.fault = fault
        self.helpful = helpful

    def __str__(self) -> str:
        dependency = self.terms[0].dependency
        return f"{dependency.complete_pretty_name} {dependency.constraint} {self.fault}"


def same_fault(premises: Sequence[Incompatibility]) -> str:
    """Return a sentence if all that is wrong is the same with each of many releases of a package.

    `premises` are those of the solver's proof. The text is empty in other cases.
    """
    unusable = [each for each in premises if isinstance(each, UnusableRelease)]
    names = {each.terms[0].dependency.name for each in unusable}
    faults = {each.fault for each in unusable}
    others = [each for each in premises if each not in unusable]
    if len(unusable) < _MANY or len(names) + len(faults) > _ONE_OF_EACH:
        return ""
    if not all(map(_is_given, others)):
        return ""
    allowed = f"{len(unusable)} releases of {names.pop()} that are allowed"
    return f"Each of the {allowed} {faults.pop()}."


def faults(premises: Sequence[Incompatibility], text: str = "") -> list[str]:
    """Return a sentence for each unusable release of a proof that a text does not name."""
    unusable = dict.fromkeys(str(each) for each in premises if isinstance(each, UnusableRelease))
    return [f"{each}." for each in unusable if each not in text]


def remedies(premises: Sequence[Incompatibility]) -> list[str]:
    """Return what can be done if releases have no file for some target."""
    unusable = [each for each in premises if isinstance(each, UnusableRelease)]
    settings = [each.helpful() for each in unusable if each.helpful is not None]
    return [remedy(frozenset().union(*settings))] if settings else []


def _is_given(premise: Incompatibility) -> bool:
    """Return whether a premise is a requirement of the project, or that there are no versions."""
    is_own = isinstance(premise.cause, DependencyCauseError) and premise.terms[0].dependency.is_root
    return is_own or isinstance(premise.cause, NoVersionsCauseError)


def requirements_fault(error: IncompatibleConstraintsError | ParseConstraintError) -> str:
    """Return the fault of a release whose requirements Poetry's solver rejects with an error.

    Relies on the message of an IncompatibleConstraintsError, which lists the requirements.
    """
    if isinstance(error, ParseConstraintError):
        return "requires an invalid version of Python"
    _, *lines = str(error).splitlines()
    return f"requires {' and '.join(dict.fromkeys(lines))}"


def unreadable(what: object, error: Exception) -> FtiError:
    """Return the error for a package whose metadata Poetry fails to read."""
    return FtiError(f"Poetry cannot read {what}: {public_text(str(error).strip())}")


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
