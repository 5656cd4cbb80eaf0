"""The constraints that have left Poetry's solver without a version of a package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name
from poetry.mixology.incompatibility_cause import NoVersionsCauseError
from poetry.puzzle.exceptions import SolverProblemError

from poetry_fti.bridge.internals.solver import proof_premises

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry.core.packages.dependency import Dependency
    from poetry.repositories import RepositoryPool

    from poetry_fti.bridge.index.bounds import Bounds
    from poetry_fti.model.constraint import Constraint

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def missing_versions(error: Exception) -> Iterator[Dependency]:
    """Yield the requirements of the solver's proof that no version satisfies."""
    premises = proof_premises(error) if isinstance(error, SolverProblemError) else None
    for each in premises or ():
        if isinstance(each.cause, NoVersionsCauseError):
            yield each.terms[0].dependency


def limits(dependency: Dependency, bounds: Bounds, indexes: RepositoryPool) -> Sequence[Constraint]:
    """Return the constraints that exclude each version which satisfies a requirement.

    None do if the indexes have no such version.
    """
    found = bounds.for_all_targets(dependency.name)
    return found if found and indexes.find_packages(dependency) else ()


def limiting(error: Exception, bounds: Bounds, indexes: RepositoryPool) -> Iterator[Constraint]:
    """Yield the constraints that an error of the solver is due to.

    Those for some targets are requirements to the solver, on packages that the error names.
    """
    for dependency in missing_versions(error):
        yield from limits(dependency, bounds, indexes)
    words = {canonicalize_name(word) for word in _NAME.findall(str(error))}
    yield from (each for each in bounds.for_some_targets() if each.name in words)
