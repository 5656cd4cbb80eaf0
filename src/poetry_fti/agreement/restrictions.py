"""What excludes a version of a package from a stage, and the smallest changes that allow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from packaging.utils import NormalizedName

# Each proof is at least one run of the solver.
_MOST_PROOFS: Final = 60


class UndeterminedError(FtiError):
    """It cannot be determined which restrictions exclude a version."""


RestrictionKind: TypeAlias = Literal["requirement", "constraint", "override", "python", "files"]


@dataclass(frozen=True, slots=True, order=True)
class Restriction:
    """A condition that may exclude versions of a package from a stage.

    Attributes:
        kind: a `requirement` of the package `by`; a `constraint` or an `override` of `[tool.fti]`;
            the `python` that the package requires; or the `files` that it has for the targets.
        package: the name of the package whose versions are excluded.
        by: the name of the requiring package; empty for pyproject.toml, and for other kinds.
    """

    kind: RestrictionKind
    package: NormalizedName
    by: str = ""


Restrictions: TypeAlias = "AbstractSet[Restriction]"
# Without the given restrictions: those that still exclude the version, or None if it is possible.
Proof: TypeAlias = "Callable[[frozenset[Restriction]], Restrictions | None]"


def fewest_changes(name: NormalizedName, proof: Proof) -> tuple[frozenset[Restriction], ...]:
    """Return the sets of restrictions that exclude a version of a package; any one allows it.

    If lifting a single restriction suffices, all restrictions of which that is true are returned,
    each in a set of its own. Otherwise one set is returned; it has no part that suffices. Returns
    an empty tuple if no restriction can be lifted that matters. `proof` must name enough
    restrictions that these alone exclude the version. Raises UndeterminedError if it takes too many
    proofs.
    """
    return _Search(name, proof).found()


class _Search:
    """A search for restrictions to lift, with a limited number of proofs."""

    def __init__(self, name: NormalizedName, proof: Proof) -> None:
        self._name = name
        self._proof = proof
        self._proofs = 0

    def found(self) -> tuple[frozenset[Restriction], ...]:
        first = self._excluding(frozenset())
        if first is None:
            return ()
        single = self._single(first)
        if single:
            return tuple(frozenset([each]) for each in single)
        several = self._several(first)
        return (several,) if several else ()

    def _single(self, first: Restrictions) -> list[Restriction]:
        """Return the restrictions of which each suffices; they are part of every proof."""
        found, waiting = [], set(first)
        while waiting:
            each = min(waiting, key=self._rank)
            waiting.discard(each)
            excluding = self._excluding(frozenset([each]))
            if excluding is None:
                found.append(each)
            else:
                waiting &= excluding
        return found

    def _several(self, first: Restrictions) -> frozenset[Restriction] | None:
        lifted: frozenset[Restriction] = frozenset()
        excluding: Restrictions | None = first
        while excluding is not None:
            left = excluding - lifted
            if not left:
                return None
            lifted |= {min(left, key=self._rank)}
            excluding = self._excluding(lifted)
        for each in sorted(lifted, key=self._rank, reverse=True):
            if self._excluding(lifted - {each}) is None:
                lifted -= {each}
        return lifted

    def _excluding(self, lifted: frozenset[Restriction]) -> Restrictions | None:
        self._proofs += 1
        if self._proofs > _MOST_PROOFS:
            raise UndeterminedError(
                f"{_MOST_PROOFS} runs of the solver did not find what would have to change"
            )
        return self._proof(lifted)

    def _rank(self, each: Restriction) -> tuple[bool, bool, Restriction]:
        """Return what to sort by: first what is about the package itself, and in pyproject.toml."""
        return each.package != self._name, bool(each.by), each
