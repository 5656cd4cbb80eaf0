"""Exchanges of versions in a solution, compared with all solutions that exist."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cleo.io.null_io import NullIO
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version

from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.markers import Narrowing
from poetry_fti.bridge.solving.budget import OutOfStepsError, StepBudget
from poetry_fti.bridge.solving.resolver import Resolver
from poetry_fti.bridge.solving.solver import PreferredPackages
from poetry_fti.model import Platform, Targets
from worlds import NAMES, VERSIONS, chosen_of, worlds

if TYPE_CHECKING:
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.solution import Solution
    from worlds import World


def resolver_of(world: World) -> Resolver:
    """Return a resolver of a project for a platform, so that requirements are narrowed."""
    targets = Targets(platforms=(Platform("linux", "amd64"),))
    view = MetadataView(Narrowing(targets, world.root().python_constraint))
    return Resolver(world.root, world.pool(), view, NullIO())


@settings(derandomize=True, deadline=None, database=None)
@given(one=worlds(1), name=st.sampled_from(NAMES), version=st.sampled_from(VERSIONS))
def test_a_version_is_exchanged_exactly_if_there_is_a_solution_with_it(
    one: list[World], name: str, version: int
) -> None:
    (world,) = one
    resolver = resolver_of(world)
    solution = resolver.solve(PreferredPackages())
    selection = resolver.partial.selection(solution)
    assert chosen_of(selection.versions) == chosen_of(solution.versions())
    if name not in selection.versions:
        return
    found = resolver.partial.exchange(
        selection, canonicalize_name(name), Version.parse(str(version)), {}, StepBudget()
    )
    solutions = list(world.solutions())
    possible = [each for each in solutions if each.get(name) == version]
    if found is None:
        assert not possible or any(name not in each for each in solutions)
    else:
        assert chosen_of(found.versions) in possible
        exchanged = resolver.exchanged(solution, found)
        assert exchanged is not None
        assert lock_of(resolver, exchanged) == lock_of(
            resolver, solved_exactly(resolver, found.versions)
        )


def solved_exactly(resolver: Resolver, versions: Versions) -> Solution:
    """Return what Poetry's solver finds with these versions and no others."""
    allowed = {name: Version.parse(str(found)) for name, (found,) in versions.items()}
    return resolver.solve(PreferredPackages(allowed=allowed))


def lock_of(resolver: Resolver, solution: Solution) -> dict[str, object]:
    """Return what a lock says of the packages."""
    return {
        str(package): (
            sorted(str(each) for each in package.requires),
            {group: str(marker) for group, marker in info.markers.items()},
        )
        for package, info in resolver.restored(solution).items()
    }


@settings(derandomize=True, deadline=None, database=None)
@given(one=worlds(1), limit=st.integers(0, 5))
def test_no_exchange_takes_more_steps_than_its_budget(one: list[World], limit: int) -> None:
    (world,) = one
    resolver = resolver_of(world)
    selection = resolver.partial.selection(resolver.solve(PreferredPackages()))
    for name in selection.versions:
        budget = StepBudget(limit)
        for version in VERSIONS:
            with suppress(OutOfStepsError):
                resolver.partial.exchange(selection, name, Version.parse(str(version)), {}, budget)
        assert budget.used <= limit
