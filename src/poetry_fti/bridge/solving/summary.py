"""The requirements that matter most in a proof that there is no solution, as short sentences."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING, Final

from cleo.formatters.formatter import Formatter
from poetry.core.constraints.version import EmptyConstraint, VersionRange, parse_constraint
from poetry.mixology.incompatibility_cause import (
    DependencyCauseError,
    NoVersionsCauseError,
    PythonCauseError,
)
from poetry.puzzle.exceptions import SolverProblemError
from poetry.puzzle.provider import IncompatibleConstraintsError

from poetry_fti.bridge.internals.solver import proof_premises
from poetry_fti.bridge.solving.unusable import faults, remedies, same_fault
from poetry_fti.errors import UnsolvableError
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from poetry.core.constraints.version import VersionConstraint
    from poetry.mixology.incompatibility import Incompatibility

    from poetry_fti.model.constraint import Constraint

_MOST_RELEASES: Final = 4
# A message lists the versions of a package that has up to this many, and counts them otherwise.
_LISTED_VERSIONS: Final = 3


@contextmanager
def solver_errors(
    limiting: Callable[[Exception], Iterable[Constraint]] = lambda _: (),
    clash: Callable[[Exception], str] = lambda _: "",
) -> Iterator[None]:
    """Convert the solver's error to an UnsolvableError with its explanation as plain text.

    `limiting` returns the constraints that it is due to, and `clash` a better explanation, or an
    empty string.
    """
    try:
        yield
    except (SolverProblemError, IncompatibleConstraintsError) as error:
        # Poetry's hints about Python versions contain cleo's markup.
        text = clash(error) or Formatter().remove_format(str(error)).strip()
        premises = proof_premises(error) if isinstance(error, SolverProblemError) else None
        lines = list(dict.fromkeys(f"{each}." for each in limiting(error)))
        raise _unsolvable(text, list(premises or ()), lines) from error


def _unsolvable(
    text: str, premises: Sequence[Incompatibility], limits: Sequence[str]
) -> UnsolvableError:
    """Return the error for a proof that there is no solution.

    `text` is Poetry's explanation, and `limits` are sentences on the constraints that it is due to.
    """
    one = same_fault(premises)
    whole = [one] if one else [text, *faults(premises, text)]
    is_short = bool(one) or ("\n" not in text and len(whole) == 1)
    brief = whole if is_short else _summary(premises) or whole
    more = [*remedies(premises), *limits]
    return UnsolvableError("\n".join([*brief, *more]), "\n".join([*whole, *more]))


def _summary(premises: Sequence[Incompatibility]) -> list[str]:
    """Return one or a few sentences about the requirements of a proof; none if all matter."""
    required = _required(premises)
    return (
        _clash(required)
        or _unsupported_python(premises, required)
        or _unusable(premises)
        or list(_unavailable(premises, required))
    )


# What a package, or pyproject.toml with an empty name, requires of another one: a constraint for
# each of its versions.
_Requirers = dict[str, list[tuple[str, "VersionConstraint"]]]


def _required(premises: Iterable[Incompatibility]) -> dict[str, _Requirers]:
    """Return what requires each package."""
    found: dict[str, _Requirers] = defaultdict(lambda: defaultdict(list))
    for each in premises:
        if isinstance(each.cause, DependencyCauseError):
            requirer, dependency = each.terms[0].dependency, each.terms[1].dependency
            name = "" if requirer.is_root else requirer.complete_pretty_name
            version = str(requirer.constraint)
            found[dependency.complete_pretty_name][name].append((version, dependency.constraint))
    return found


def _clash(required: dict[str, _Requirers]) -> list[str]:
    """Return two requirements of one package that exclude each other."""
    clashes = [
        (name, pair)
        for name, requirers in required.items()
        for pair in combinations(sorted(requirers.items()), 2)
        if _union(pair[0][1]).intersect(_union(pair[1][1])).is_empty()
    ]
    # What pyproject.toml requires is known to the reader, and most easily changed.
    for name, pair in sorted(clashes, key=lambda each: (each[1][0][0] != "", each[0])):
        one, other = (_text(requirer, found, name) for requirer, found in pair)
        return [f"{one}, but {other}."]
    return []


def _union(found: Iterable[tuple[str, VersionConstraint]]) -> VersionConstraint:
    nothing: VersionConstraint = EmptyConstraint()
    return reduce(lambda union, each: union.union(each[1]), found, nothing)


def _text(requirer: str, found: Sequence[tuple[str, VersionConstraint]], name: str) -> str:
    who = requirer_text(requirer, (version for version, _ in found))
    verb = "require" if " and " in who else "requires"
    return f"{who} {verb} {_allowed(name, _union(found))}"


def requirer_text(name: str, versions: Iterable[str]) -> str:
    """Return what requires something: versions of a package, or pyproject.toml without a name."""
    if not name:
        return "pyproject.toml"
    distinct = sorted(set(versions))
    if len(distinct) > _LISTED_VERSIONS:
        return f"{name} (each of {len(distinct)} versions)"
    return f"{name} {joined(distinct)}"


def _allowed(name: str, constraint: VersionConstraint) -> str:
    return name if constraint.is_any() else f"{name} {constraint}"


def _unsupported_python(
    premises: Iterable[Incompatibility], required: dict[str, _Requirers]
) -> list[str]:
    """Return that no allowed version of a package supports some Python of the stage."""
    missing: dict[str, list[VersionConstraint]] = defaultdict(list)
    for each in premises:
        if isinstance(each.cause, PythonCauseError):
            project = parse_constraint(each.cause.root_python_version)
            lacking = project.difference(parse_constraint(each.cause.python_version))
            missing[each.terms[0].dependency.complete_pretty_name].append(lacking)
    everywhere: VersionConstraint = VersionRange()
    for name, each_lacks in missing.items():
        python = reduce(lambda one, other: one.intersect(other), each_lacks, everywhere)
        allowed = {
            _allowed(name, constraint)
            for versions in required.get(name, {}).values()
            for _, constraint in versions
        }
        if len(allowed) == 1 and not python.is_empty() and name not in _otherwise(premises):
            return [f"No version of {allowed.pop()} supports Python {_python(python)}."]
    return []


def _python(constraint: VersionConstraint) -> str:
    """Return versions of Python as text: `3.10` for `>=3.10,<3.11`."""
    lowest = getattr(constraint, "min", None)
    if lowest is not None:
        minor = f"{lowest.major}.{lowest.minor}"
        if str(constraint) == f">={minor},<{lowest.major}.{lowest.minor + 1}":
            return minor
    return str(constraint)


def _otherwise(premises: Iterable[Incompatibility]) -> set[str]:
    """Return the packages of which a proof excludes a version for what it requires."""
    causes = (NoVersionsCauseError, PythonCauseError)
    return {
        each.terms[0].dependency.complete_pretty_name
        for each in premises
        if not isinstance(each.cause, causes)
    }


def _unusable(premises: Sequence[Incompatibility]) -> list[str]:
    found = faults(premises)
    return found if len(found) <= _MOST_RELEASES else []


def _unavailable(
    premises: Iterable[Incompatibility], required: dict[str, _Requirers]
) -> Iterator[str]:
    """Yield a requirement of a package that no version satisfies."""
    for each in premises:
        if isinstance(each.cause, NoVersionsCauseError):
            missing = each.terms[0].dependency
            name = missing.complete_pretty_name
            for requirer, found in required.get(name, {}).items():
                if all(constraint == missing.constraint for _, constraint in found):
                    yield f"{_text(requirer, found, name)}, but no such version is available."
                    return
