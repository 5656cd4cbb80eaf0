"""Private names of the search for versions in Poetry's solver."""

from __future__ import annotations

from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from poetry_fti.bridge.internals.private_name import PrivateName, exists

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from poetry.core.packages.dependency import Dependency
    from poetry.mixology.partial_solution import PartialSolution
    from poetry.mixology.version_solver import VersionSolver

CHOOSE: Final = PrivateName(
    module="poetry.mixology.version_solver",
    owner="VersionSolver",
    name="_choose_next",
    kind="method",
    use="speed",
    parameters=("unsatisfied",),
    relied_on="Returns the first of the requirements with the smallest key.",
)
KEY: Final = PrivateName(
    module="poetry.mixology.version_solver",
    owner="VersionSolver",
    name="_get_comp_key_cached",
    kind="attribute",
    use="speed",
    relied_on="The function that returns the key of a requirement, and the same one each time.",
)
POSITIVE: Final = PrivateName(
    module="poetry.mixology.partial_solution",
    owner="PartialSolution",
    name="_positive",
    kind="attribute",
    use="speed",
    relied_on="The terms by the complete names of their requirements. `unsatisfied` gives the"
    " requirements of those that nothing has been decided on, in this order.",
)
DECISIONS: Final = PrivateName(
    module="poetry.mixology.partial_solution",
    owner="PartialSolution",
    name="_decisions",
    kind="attribute",
    use="speed",
    relied_on="The packages that have been decided on, by their complete names.",
)
NAMES: Final = (CHOOSE, KEY, POSITIVE, DECISIONS)


@contextmanager
def quick_search() -> Iterator[None]:
    """Let Poetry's solver choose the next package without hashing and naming all requirements.

    With 300 packages this saves a sixth of the function calls of a solve.
    """
    if not all(map(exists, NAMES)):
        yield
        return
    from poetry.mixology.partial_solution import PartialSolution  # noqa: PLC0415 - it was probed
    from poetry.mixology.version_solver import VersionSolver  # noqa: PLC0415

    # Keys by the identity of requirements, which are kept so that it stays unique.
    keys: WeakKeyDictionary[VersionSolver, dict[int, tuple[Any, Dependency]]] = WeakKeyDictionary()

    def choose_next(self: VersionSolver, unsatisfied: Iterable[Dependency]) -> Dependency:
        known = keys.setdefault(self, {})
        for dependency in unsatisfied:
            if id(dependency) not in known:
                known[id(dependency)] = (self._get_comp_key_cached(dependency), dependency)
        return min((known[id(each)] for each in unsatisfied), key=itemgetter(0))[1]

    def unsatisfied(self: PartialSolution) -> list[Dependency]:
        decided = self._decisions
        return [term.dependency for name, term in self._positive.items() if name not in decided]

    originals = VersionSolver._choose_next, PartialSolution.unsatisfied
    VersionSolver._choose_next = choose_next  # type: ignore[method-assign]
    PartialSolution.unsatisfied = property(unsatisfied)  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        VersionSolver._choose_next, PartialSolution.unsatisfied = originals  # type: ignore[method-assign]
