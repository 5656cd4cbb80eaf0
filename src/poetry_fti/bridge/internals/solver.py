"""Private names of Poetry's solver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.bridge.internals.private_name import PrivateName, exists

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName
    from poetry.core.packages.dependency import Dependency
    from poetry.core.packages.package import Package
    from poetry.mixology.incompatibility import Incompatibility
    from poetry.packages import DependencyPackage
    from poetry.puzzle.exceptions import SolverProblemError
    from poetry.puzzle.provider import Provider
    from poetry.puzzle.solver import Solver

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


def proof_premises(error: SolverProblemError) -> Iterable[Incompatibility] | None:
    """Return the requirements that leave no solution, None where Poetry does not give them."""
    if not exists(INCOMPATIBILITY):
        return None
    return error.error._incompatibility.external_incompatibilities
