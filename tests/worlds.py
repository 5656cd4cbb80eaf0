"""Projects over a small index whose solutions can all be listed, to compare the solver with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hypothesis import strategies as st
from poetry.core.packages.dependency import Dependency
from poetry.core.packages.package import Package
from poetry.core.packages.project_package import ProjectPackage
from poetry.repositories import Repository, RepositoryPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from poetry_fti.agreement.restrictions import Restriction
    from poetry_fti.agreement.versions import Versions

NAMES: Final = ("a", "b", "c", "d", "e")
VERSIONS: Final = (1, 2, 3)
# The versions that each required package may have; never none.
Required: TypeAlias = "Mapping[str, frozenset[int]]"
Releases: TypeAlias = "Mapping[tuple[str, int], Required]"
Chosen: TypeAlias = "Mapping[str, int]"

_ALLOWED: Final = st.sampled_from([{1}, {2}, {3}, {1, 2}, {2, 3}, {1, 2, 3}]).map(frozenset)
_REQUIRED: Final = st.dictionaries(st.sampled_from(NAMES), _ALLOWED, max_size=3)
_PROJECTS: Final = st.dictionaries(st.sampled_from(NAMES), _ALLOWED, min_size=1, max_size=3)


def _without_itself(index: Releases) -> Releases:
    # Poetry's solver does not expect that a package requires itself.
    return {
        (name, version): {each: found for each, found in required.items() if each != name}
        for (name, version), required in index.items()
    }


RELEASES: Final = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VERSIONS)), _REQUIRED, max_size=10
).map(_without_itself)


@dataclass(frozen=True)
class World:
    """A project, and an index with every version of every name."""

    project: Required
    releases: Releases

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

    def pool(self) -> RepositoryPool:
        """Return the index."""
        packages = []
        for name in NAMES:
            for version in VERSIONS:
                package = Package(name, str(version))
                for dependency in _requirements(self.releases.get((name, version), {})):
                    package.add_dependency(dependency)
                packages.append(package)
        return RepositoryPool([Repository("index", packages)])

    def root(self) -> ProjectPackage:
        """Return the project."""
        project = ProjectPackage("project", "0")
        project.python_versions = ">=3.11"
        for dependency in _requirements(self.project):
            project.add_dependency(dependency)
        return project


def worlds(projects: int) -> st.SearchStrategy[list[World]]:
    """Return a strategy for so many projects over one index, each of which has a solution."""

    def over(index: Releases) -> st.SearchStrategy[list[World]]:
        world = st.builds(World, _PROJECTS, st.just(index)).filter(lambda w: any(w.solutions()))
        return st.lists(world, min_size=projects, max_size=projects)

    return RELEASES.flatmap(over)


def chosen_of(versions: Versions) -> dict[str, int]:
    """Return the versions of a solution as `World.solutions` gives them."""
    return {str(name): found.major for name, (found,) in versions.items()}


def _requirements(required: Required) -> list[Dependency]:
    return [
        Dependency(name, " || ".join(f"=={version}" for version in sorted(versions)))
        for name, versions in required.items()
    ]


def without(world: World, lifted: Collection[Restriction]) -> World:
    """Return a world in which any version satisfies some of the requirements."""

    def shown(by: str, required: Required) -> Required:
        names = {each.package for each in lifted if each.by == by}
        every = frozenset(VERSIONS)
        return {name: every if name in names else each for name, each in required.items()}

    releases = {release: shown(release[0], each) for release, each in world.releases.items()}
    return World(shown("", world.project), releases)


def can_have(world: World, name: str, version: int) -> bool:
    """Return whether there is a solution with the version, or without the package."""
    return any(solution.get(name, version) == version for solution in world.solutions())
