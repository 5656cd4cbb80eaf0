"""Exchanges of versions in a solution, compared with all solutions that exist."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from cleo.io.null_io import NullIO
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from poetry.core.constraints.version import Version
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.repositories import Repository, RepositoryPool

from poetry_fti.bridge.index.metadata_view import MetadataView
from poetry_fti.bridge.markers import Narrowing
from poetry_fti.bridge.solving.budget import OutOfStepsError, StepBudget
from poetry_fti.bridge.solving.resolver import Resolver
from poetry_fti.bridge.solving.solver import PreferredPackages
from poetry_fti.model import Platform, Targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.solution import Solution

NAMES = ("a", "b", "c", "d", "e")
VERSIONS = (1, 2, 3)
# The versions that each required package may have; an empty set is never generated.
Required: TypeAlias = "Mapping[str, frozenset[int]]"
Chosen: TypeAlias = "Mapping[str, int]"

ALLOWED = st.sampled_from([{1}, {2}, {3}, {1, 2}, {2, 3}, {1, 2, 3}]).map(frozenset)
REQUIRED = st.dictionaries(st.sampled_from(NAMES), ALLOWED, max_size=3)
RELEASES = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VERSIONS)), REQUIRED, max_size=10
).map(
    # Poetry's solver does not expect that a package requires itself.
    lambda index: {
        key: {n: v for n, v in each.items() if n != key[0]} for key, each in index.items()
    }
)
PROJECTS = st.dictionaries(st.sampled_from(NAMES), ALLOWED, min_size=1, max_size=3)


@dataclass(frozen=True)
class World:
    """A project, and an index with every version of every name."""

    project: Required
    releases: Mapping[tuple[str, int], Required]

    def solutions(self, chosen: Chosen | None = None) -> Iterator[Chosen]:
        """Yield all solutions, each with those packages only that something requires."""
        chosen = chosen or {}
        required = [self.project, *(self.releases.get(each, {}) for each in chosen.items())]
        if any(chosen[n] not in each[n] for each in required for n in each if n in chosen):
            return
        missing = sorted({name for each in required for name in each} - chosen.keys())
        if not missing:
            yield chosen
            return
        for version in VERSIONS:
            yield from self.solutions({**chosen, missing[0]: version})

    def resolver(self) -> Resolver:
        """Return a resolver of the project over the index."""
        packages = []
        for name in NAMES:
            for version in VERSIONS:
                package = Package(name, str(version))
                for dependency in requirements(self.releases.get((name, version), {})):
                    package.add_dependency(dependency)
                packages.append(package)

        def root() -> ProjectPackage:
            project = ProjectPackage("project", "0")
            project.python_versions = ">=3.11"
            for dependency in requirements(self.project):
                project.add_dependency(dependency)
            return project

        targets = Targets(platforms=(Platform("linux", "amd64"),))
        view = MetadataView(Narrowing(targets, root().python_constraint))
        return Resolver(root, RepositoryPool([Repository("index", packages)]), view, NullIO())


def requirements(required: Required) -> list[Dependency]:
    found = []
    for name, versions in required.items():
        constraint = " || ".join(f"=={version}" for version in sorted(versions))
        found.append(Dependency(name, constraint))
    return found


def chosen_of(versions: Versions) -> dict[str, int]:
    return {str(name): found.major for name, (found,) in versions.items()}


WORLDS = st.builds(World, PROJECTS, RELEASES).filter(
    lambda w: next(w.solutions(), None) is not None
)


@settings(derandomize=True, deadline=None, database=None)
@given(world=WORLDS, name=st.sampled_from(NAMES), version=st.sampled_from(VERSIONS))
def test_a_version_is_exchanged_exactly_if_there_is_a_solution_with_it(
    world: World, name: str, version: int
) -> None:
    resolver = world.resolver()
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


@settings(derandomize=True, deadline=None, database=None, max_examples=30)
@given(world=WORLDS, limit=st.integers(0, 5))
def test_no_exchange_takes_more_steps_than_its_budget(world: World, limit: int) -> None:
    resolver = world.resolver()
    selection = resolver.partial.selection(resolver.solve(PreferredPackages()))
    for name in selection.versions:
        budget = StepBudget(limit)
        for version in VERSIONS:
            with suppress(OutOfStepsError):
                resolver.partial.exchange(selection, name, Version.parse(str(version)), {}, budget)
        assert budget.used <= limit
