"""Why stages cannot agree: the requirements out of the solver's proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry.mixology.incompatibility_cause import DependencyCauseError, PythonCauseError

from poetry_fti.bridge.internals.solver import proof_premises

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poetry.mixology.incompatibility import Incompatibility
    from poetry.puzzle.exceptions import SolverProblemError

_LISTED: Final = 3


def obstacles(error: SolverProblemError, readable: Callable[[str], tuple[str, str]]) -> list[str]:
    """Return the requirements that leave no solution, a line for each, sorted.

    `readable` returns the stage and the own name of a package; no stage for what is no package.
    An error whose proof cannot be read has its own text instead.
    """
    premises = proof_premises(error)
    if premises is None:
        return str(error).splitlines()
    asked: dict[tuple[str, str, str], list[str]] = {}
    for incompatibility in premises:
        for stage, asker, version, text in _requirements(incompatibility, readable):
            asked.setdefault((stage, asker, text), []).append(version)
    return sorted(
        f"{stage}: {_asker(asker, versions)} requires {text}"
        for (stage, asker, text), versions in asked.items()
    )


def _requirements(
    incompatibility: Incompatibility, readable: Callable[[str], tuple[str, str]]
) -> Iterator[tuple[str, str, str, str]]:
    asker = incompatibility.terms[0].dependency
    stage, name = readable(asker.pretty_name)
    version = str(asker.constraint)
    if isinstance(incompatibility.cause, PythonCauseError) and stage:
        yield stage, name, version, f"Python {incompatibility.cause.python_version}"
    if isinstance(incompatibility.cause, DependencyCauseError):
        asked = incompatibility.terms[1].dependency
        its_stage, its_name = readable(asked.pretty_name)
        if its_stage and its_name != name:
            allowed = "" if asked.constraint.is_any() else f" {asked.constraint}"
            yield its_stage, name if stage else "", version, f"{its_name}{allowed}"


def _asker(name: str, versions: list[str]) -> str:
    if not name:
        return "pyproject.toml"
    distinct = sorted(set(versions))
    if len(distinct) > _LISTED:
        return f"{name} (each of {len(distinct)} versions)"
    return f"{name} {' and '.join(distinct)}"
