"""Private names of Poetry's solver."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.internals.private_name import PrivateName, exists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.mixology.incompatibility import Incompatibility
    from poetry.packages import DependencyPackage
    from poetry.puzzle.exceptions import SolverProblemError
    from poetry.puzzle.provider import Provider
    from poetry.puzzle.solver import PackageNode, Solver

    from poetry_fti.bridge.solving.solution import SolvedPackages

_PROVIDER: Final = "poetry.puzzle.provider"

LOCKED: Final = PrivateName(
    module=_PROVIDER,
    owner="Provider",
    name="_locked",
    kind="attribute",
    use="solving",
    relied_on="The preferred packages by name; get_locked() returns the first one that satisfies a"
    " dependency.",
)
DEFERRED_CACHE: Final = PrivateName(
    module=_PROVIDER,
    owner="Provider",
    name="_deferred_cache",
    kind="attribute",
    use="solving",
    relied_on="The packages of direct references that have been read, by dependency; it is"
    " replaced, so that a path is read and a repository cloned once for several solves.",
)
OVERRIDES_MARKER: Final = PrivateName(
    module=_PROVIDER,
    owner="Provider",
    name="_overrides_marker_intersection",
    kind="property",
    use="solving",
    relied_on="The marker that a run of the solver is restricted to, a cached property that"
    " set_overrides() resets. Since Poetry 2.4 its intersections are only tested for being empty."
    " ViewProvider overrides it.",
)
SOLVER_PROVIDER: Final = PrivateName(
    module="poetry.puzzle.solver",
    owner="Solver",
    name="_provider",
    kind="attribute",
    use="solving",
    relied_on="The provider that a solver uses; it is replaced after construction.",
)
SOLVE: Final = PrivateName(
    module="poetry.puzzle.solver",
    owner="Solver",
    name="_solve",
    kind="method",
    use="speed",
    parameters=(),
    relied_on="solve() takes the packages that it returns, and their markers, from it alone;"
    " a solver that is given the versions of all packages overrides it.",
)
AGGREGATE: Final = PrivateName(
    module="poetry.puzzle.solver",
    owner="Solver",
    name="_aggregate_solved_packages",
    kind="method",
    use="speed",
    parameters=("packages",),
    relied_on="_solve() calls it once for each run of the solver, with the packages that the run"
    " has decided on, and returns what it returns.",
)
REACHABLE: Final = PrivateName(
    module="poetry.puzzle.solver",
    owner="PackageNode",
    name="reachable",
    kind="method",
    use="speed",
    parameters=(),
    relied_on="The nodes of those in the attribute `packages` that satisfy the requirements of the"
    " node's package, made as the constructor's parameters tell. For a package that is not the"
    " root, the marker of a node is that of the requirement.",
)
INCOMPATIBILITY: Final = PrivateName(
    module="poetry.mixology.failure",
    owner="SolveFailureError",
    name="_incompatibility",
    kind="attribute",
    use="error texts",
    relied_on="The root of the proof that there is no solution; its external_incompatibilities are"
    " the requirements that the proof starts from.",
)
OUTPUT_WRITE: Final = PrivateName(
    module="cleo.io.outputs.output",
    owner="Output",
    name="_write",
    kind="method",
    use="commentary",
    parameters=("message", "new_line"),
    relied_on="Every text that the solver writes reaches its output through it, formatted."
    " _LineOutput implements it.",
)
NAMES: Final = (
    LOCKED,
    DEFERRED_CACHE,
    OVERRIDES_MARKER,
    SOLVER_PROVIDER,
    SOLVE,
    AGGREGATE,
    REACHABLE,
    INCOMPATIBILITY,
    OUTPUT_WRITE,
)


def preferences_of(provider: Provider) -> dict[NormalizedName, list[DependencyPackage]]:
    """Return a provider's preferred packages by name, to be changed in place."""
    return provider._locked


def share_direct_packages(provider: Provider, packages: dict[Dependency, Package]) -> None:
    """Let a provider look up the packages of direct references here, and add those it reads."""
    provider._deferred_cache = packages


def replace_provider(solver: Solver, provider: Provider) -> None:
    """Let a solver use another provider."""
    solver._provider = provider


def solved_packages(solver: Solver, packages: Sequence[Package]) -> SolvedPackages:
    """Return the packages of a run of the solver, each with its markers."""
    return solver._aggregate_solved_packages(list(packages))


@contextmanager
def indexed_nodes() -> Iterator[None]:
    """Let Poetry's solver look up packages by name where it would compare all of them.

    For 300 packages this saves an eighth of the time of a solve.
    """
    if not exists(REACHABLE):
        yield
        return
    from poetry.puzzle.solver import PackageNode  # noqa: PLC0415 - in case that it has another name

    original = PackageNode.reachable
    index = _Index()

    def reachable_from_root(self: PackageNode) -> Sequence[PackageNode]:
        everything, by_name = self.packages, index.by_name(self.packages)
        names = {dependency.complete_name for dependency in self.package.all_requires}
        self.packages = [each for name in names for each in by_name.get(name, ())]
        try:
            found = original(self)
        finally:
            self.packages = everything
        for node in found:
            node.packages = everything
        return found

    def reachable(self: PackageNode) -> Sequence[PackageNode]:
        if self.package.is_root():
            return reachable_from_root(self)
        by_name = index.by_name(self.packages)
        return [
            PackageNode(each, self.packages, self, self.dep or dependency, dependency.marker)
            for dependency in self.package.all_requires
            for each in by_name.get(dependency.complete_name, ())
            if each.satisfies(dependency)
        ]

    PackageNode.reachable = reachable  # type: ignore[method-assign]
    try:
        yield
    finally:
        PackageNode.reachable = original  # type: ignore[method-assign]


class _Index:
    """The packages of one list by their complete names."""

    def __init__(self) -> None:
        self._packages: Sequence[Package] = ()
        self._by_name: dict[str, list[Package]] = {}

    def by_name(self, packages: Sequence[Package]) -> Mapping[str, Sequence[Package]]:
        """Return the packages by their complete names, in their order."""
        if packages is not self._packages:
            self._packages, self._by_name = packages, {}
            for each in packages:
                self._by_name.setdefault(each.complete_name, []).append(each)
        return self._by_name


def proof_premises(error: SolverProblemError) -> Iterable[Incompatibility] | None:
    """Return the requirements that leave no solution, None where Poetry does not give them."""
    if not exists(INCOMPATIBILITY):
        return None
    return error.error._incompatibility.external_incompatibilities
