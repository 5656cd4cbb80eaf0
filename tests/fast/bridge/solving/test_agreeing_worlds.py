"""Agreement of stages over small indexes, compared with all solutions of each stage."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from hypothesis import given, settings

from cases import examples
from poetry_fti.bridge.lock.locked import SolvedLock
from poetry_fti.bridge.solving.project_solver import project_solver
from poetry_fti.bridge.solving.solver_output import SolverOutput
from poetry_fti.bridge.solving.variants.variant import StageTask
from poetry_fti.bridge.solving.workers.assignment import SolverOptions
from poetry_fti.errors import FtiError
from poetry_fti.model.platforms import Platform, Targets
from worlds import World, worlds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poetry_fti.bridge.solving.solution import SolvedPackages
    from worlds import Chosen

LINUX = Targets(platforms=(Platform("linux", "amd64"),))


def as_text(packages: SolvedPackages) -> SolvedLock:
    return SolvedLock(" ".join(f"{each.name}={each.version}" for each in packages), ())


def solved(made: Mapping[str, World], *, aligned: bool = True) -> dict[str, Chosen]:
    tasks = [
        StageTask(name=name, root=world.root, make_lock=as_text, targets=LINUX)
        for name, world in made.items()
    ]
    pool = next(iter(made.values())).pool()
    output = SolverOutput(lambda _: None)  # so that all stages are solved in this process
    with project_solver(tasks, [], pool, SolverOptions(aligned=aligned, output=output)) as solver:
        return {name: chosen(outcome) for name, outcome in solver.solve({}).items()}


def chosen(outcome: object) -> Chosen:
    assert not isinstance(outcome, FtiError)
    text: str = outcome.lock.text  # type: ignore[attr-defined]
    pairs = (pin.split("=") for pin in text.split())
    return {name: int(version) for name, version in pairs}


def named(made: Sequence[World]) -> dict[str, World]:
    return {f"stage-{number}": world for number, world in enumerate(made)}


@settings(max_examples=examples(30), derandomize=True, deadline=None, database=None)
@given(made=worlds(3))
def test_each_stage_has_a_solution_and_no_difference_can_be_closed_by_one_package(
    made: list[World],
) -> None:
    found = solved(named(made))
    for one, other in combinations(zip(made, found.values(), strict=True), 2):
        for (world, mine), (_, theirs) in ((one, other), (other, one)):
            solutions = list(world.solutions())
            assert mine in solutions
            for name in mine.keys() & theirs.keys():
                closed = {**mine, name: theirs[name]}
                assert closed == mine or closed not in solutions or has_agreed(name, mine, found)


def test_a_version_is_not_final_for_a_stage_that_is_left_alone_with_it() -> None:
    """The first two stages agree on `b`, which the first one loses when it agrees on `c`."""
    releases = {("c", 3): {"a": frozenset({1}), "b": frozenset({3})}}
    projects = [{"c": {2, 3}}, {"a": {1}, "b": {2, 3}}, {"a": {1}, "b": {2}, "c": {2}}]
    made = [World({n: frozenset(v) for n, v in each.items()}, releases) for each in projects]
    assert solved(named(made)) == {
        "stage-0": {"c": 2},
        "stage-1": {"a": 1, "b": 2},
        "stage-2": {"a": 1, "b": 2, "c": 2},
    }


def test_a_requirement_of_a_version_that_was_given_up_excludes_nothing() -> None:
    """The last stage has `a` 3, which requires `e` 2, until it agrees on `a` with the first."""
    releases = {("a", 3): {"e": frozenset({2})}}
    projects = [{"a": {1}}, {"e": {1}}, {"a": {1, 2, 3}, "e": {1, 2}}]
    made = [World({n: frozenset(v) for n, v in each.items()}, releases) for each in projects]
    assert solved(named(made)) == {
        "stage-0": {"a": 1},
        "stage-1": {"e": 1},
        "stage-2": {"a": 1, "e": 1},
    }


def has_agreed(name: str, mine: Chosen, found: Mapping[str, Chosen]) -> bool:
    """Return whether another stage has the same version, which is final then."""
    return sum(each.get(name) == mine[name] for each in found.values()) > 1


@settings(max_examples=examples(12), derandomize=True, deadline=None, database=None)
@given(made=worlds(3))
def test_the_order_of_the_stages_does_not_matter(made: list[World]) -> None:
    stages = named(made)
    expected = solved(stages)
    first, *others = stages
    for order in ([*others, first], [*reversed(others), first]):
        assert solved({name: stages[name] for name in order}) == expected
