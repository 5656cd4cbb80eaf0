"""Exchanges of versions in a solution, compared with all solutions that exist."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest
from cleo.io.null_io import NullIO
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version, parse_constraint
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.repositories import Repository, RepositoryPool

from cases import examples
from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.markers import Narrowing
from poetry_fti.bridge.solving.attempts import UndecidedError
from poetry_fti.bridge.solving.budget import OutOfStepsError, StepBudget
from poetry_fti.bridge.solving.preferred import PreferredPackages
from poetry_fti.bridge.solving.resolver import Resolver
from poetry_fti.errors import FtiError
from poetry_fti.model.platforms import Platform, Targets
from worlds import NAMES, VERSIONS, chosen_of, worlds

if TYPE_CHECKING:
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.solution import Solution
    from worlds import World


pytestmark = pytest.mark.slow

# Requirements with extras and markers; each release has an extra `x`.
REQUIREMENTS: Final = st.builds(
    "{}{} {} ; {}".format,
    st.sampled_from(NAMES),
    st.sampled_from(["", "[x]"]),
    st.sampled_from(["", ">=2", "<3", "==1", "==3"]),
    st.sampled_from(
        [
            "python_version >= '3.11'",
            "python_version < '3.12'",
            "extra == 'x'",
            "extra == 'x' and python_version >= '3.13'",
        ]
    ),
)
EACH: Final = [(name, version) for name in NAMES for version in VERSIONS]
# The requirements of releases, and of the project, whose version is 0.
INDEXES: Final = st.dictionaries(
    st.sampled_from([*EACH, (NAMES[0], 0)]), st.lists(REQUIREMENTS, max_size=3), max_size=10
)


def release(index: dict[tuple[str, int], list[str]], name: str, version: int) -> Package:
    package = Package(name, str(version))
    texts = index.get((name, version), [])
    requires = [Dependency.create_from_pep_508(each) for each in texts if each[0] != name]
    for dependency in requires:
        package.add_dependency(dependency)
    package.extras = {canonicalize_name("x"): [each for each in requires if each.in_extras]}
    return package


def project(index: dict[tuple[str, int], list[str]]) -> ProjectPackage:
    root = ProjectPackage("project", "0")
    root.python_versions = ">=3.11"
    for text in [*index.get((NAMES[0], 0), []), "a", "b[x]"]:
        if "extra" not in text:
            root.add_dependency(Dependency.create_from_pep_508(text))
    return root


def resolver_of(world: World) -> Resolver:
    """Return a resolver of a project for a platform, so that requirements are narrowed."""
    targets = Targets(platforms=(Platform("linux", "amd64"),))
    view = MetadataView(Narrowing(targets, world.root().python_constraint))
    return Resolver(world.root, world.pool(), view, NullIO())


@settings(max_examples=examples(30), derandomize=True, deadline=None, database=None)
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


@settings(max_examples=examples(30), derandomize=True, deadline=None, database=None)
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


@settings(max_examples=examples(30), derandomize=True, deadline=None, database=None)
@given(index=INDEXES, name=st.sampled_from(NAMES), version=st.sampled_from(VERSIONS))
def test_an_exchange_keeps_extras_and_markers(
    index: dict[tuple[str, int], list[str]], name: str, version: int
) -> None:
    pool = RepositoryPool([Repository("index", [release(index, *each) for each in EACH])])
    targets = Targets(platforms=(Platform("linux", "amd64"),))
    view = MetadataView(Narrowing(targets, parse_constraint(">=3.11")))
    resolver = Resolver(lambda: project(index), pool, view, NullIO())
    try:
        solution = resolver.solve(PreferredPackages())
    except FtiError:
        return
    selection = resolver.partial.selection(solution)
    if name not in selection.versions:
        return
    with suppress(UndecidedError):
        found = resolver.partial.exchange(
            selection, canonicalize_name(name), Version.parse(str(version)), {}, StepBudget()
        )
        if found is None or any(len(each) > 1 for each in found.versions.values()):
            return
        exchanged = resolver.exchanged(solution, found)
        if exchanged is not None:
            exact = solved_exactly(resolver, found.versions)
            assert lock_of(resolver, exchanged) == lock_of(resolver, exact)
