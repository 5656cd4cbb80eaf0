"""Attempts to give a variant of a stage the versions of other stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry.core.constraints.version import Version as PoetryVersion
from poetry.core.constraints.version import VersionRange, VersionUnion

from poetry_fti.bridge.solving.attempts import UndecidedError
from poetry_fti.bridge.solving.budget import OutOfStepsError, StepBudget
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Collection

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.constraints.version import VersionConstraint

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.attempts.selection import Selection
    from poetry_fti.bridge.solving.solution import Solution
    from poetry_fti.bridge.solving.variants.variant import Variant

# All attempts of a variant together: so many times the steps of its own solve, and some more.
_TIMES: Final = 2
_MORE: Final = 30


@dataclass(frozen=True, slots=True)
class Move:
    """A selection of versions that an attempt has found: its number, and what it changes.

    `changes` are the versions of each package that differ from those of the selection that the
    attempt started from; an empty tuple if the package is gone.
    """

    number: int
    changes: tuple[tuple[NormalizedName, tuple[Version, ...]], ...]


class Attempts:
    """Attempts that start from a variant's own solution, whose number is 0.

    A selection never loses one of the stage's own pins, and what pyproject.toml requires never
    gets an older version than without regard to others, except for what an attempt is about.
    """

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
        self._solution = variant.solve_alone()
        self._selections = [variant.resolver.partial.selection(self._solution)]
        self._budget = StepBudget(_TIMES * self._solution.steps + _MORE)
        self._refused: set[tuple[NormalizedName, Version, frozenset[NormalizedName]]] = set()
        # Packages whose attempts were given up at the end of the budget.
        self.unfinished: set[NormalizedName] = set()

    def attempt(
        self,
        number: int,
        name: NormalizedName,
        version: Version,
        agreed: Collection[NormalizedName],
    ) -> Move | None:
        """Return a selection with this version of a package, or None if none was found.

        It starts from the selection of that `number`, and keeps its versions of the packages in
        `agreed`, which may only become more from one attempt to the next.
        """
        # What has been agreed on may be older than without regard to others.
        key = (name, version, self._solution.direct.intersection(agreed))
        if key in self._refused:
            return None
        before = self._selections[number]
        found = self._found(before, name, version, agreed)
        if found is None or self._is_worse(found):
            self._refused.add(key)
            return None
        self._selections.append(found)
        old, new = before.versions, found.versions
        changes = ((n, new.get(n, ())) for n in old.keys() | new.keys() if old.get(n) != new.get(n))
        return Move(len(self._selections) - 1, tuple(changes))

    def solution(self, versions: Versions) -> Solution | None:
        """Return the solution with these versions if an attempt has found them.

        None if it takes a whole solve to know.
        """
        for selection in reversed(self._selections[1:]):
            if selection.versions == versions:
                return self._variant.resolver.exchanged(self._solution, selection)
        return None

    def _found(
        self,
        before: Selection,
        name: NormalizedName,
        version: Version,
        agreed: Collection[NormalizedName],
    ) -> Selection | None:
        if self._variant.is_pinned(name, self._solution) or self._is_chosen(name, version):
            return None
        try:
            changed = before.changed_from(self._solution.versions())
            if self._variant.is_impossible(self._solution, name, version, changed):
                return None
            allowed = self._allowed(before.versions, name, agreed)
            try:
                poetry_version = PoetryVersion.parse(str(version))
                return self._variant.resolver.partial.exchange(
                    before, name, poetry_version, allowed, self._budget
                )
            except UndecidedError:
                return self._solved(before.versions, name, version, agreed)
        except OutOfStepsError:
            self.unfinished.add(name)
        except FtiError:
            raise
        except Exception:  # noqa: BLE001, S110 - what the solver does not expect ends the attempt
            pass
        return None

    def _is_chosen(self, name: NormalizedName, version: Version) -> bool:
        """Return whether the stage has a pre-release that pyproject.toml explicitly allows."""
        own = self._solution.versions().get(name, ())
        found = not version.is_prerelease and any(each.is_prerelease for each in own)
        return found and name in self._solution.with_prereleases

    def _solved(
        self,
        before: Versions,
        name: NormalizedName,
        version: Version,
        agreed: Collection[NormalizedName],
    ) -> Selection | None:
        """Solve the whole variant for an attempt."""
        kept = {each: before[each] for each in agreed if each in before}
        wanted = {**kept, name: (version,)}
        try:
            solution = self._variant.solve_for_attempt(wanted, self._budget)
        except FtiError:
            return None
        found = solution.versions()
        if name not in found or any(found.get(each, v) != v for each, v in wanted.items()):
            return None
        own = self._solution.versions()
        direct = self._solution.direct - wanted.keys()
        if any(found[each] < own[each] for each in direct & found.keys() & own.keys()):
            return None
        return self._variant.resolver.partial.selection(solution)

    def _is_worse(self, found: Selection) -> bool:
        """Return whether a selection has lost one of the stage's own pins."""
        kept = self._variant.kept_pins(self._solution.versions())
        return not kept <= self._variant.kept_pins(found.versions)

    def _allowed(
        self, before: Versions, name: NormalizedName, agreed: Collection[NormalizedName]
    ) -> dict[NormalizedName, VersionConstraint]:
        own = self._solution.versions()
        allowed: dict[NormalizedName, VersionConstraint] = {
            each: VersionRange(PoetryVersion.parse(str(own[each][0])), include_min=True)
            for each in self._solution.direct & own.keys()
        }
        pinned = {each for each, _ in self._variant.kept_pins(own)}
        for each in (*pinned, *agreed):
            if each in before:
                versions = (PoetryVersion.parse(str(v)) for v in before[each])
                allowed[each] = VersionUnion.of(*versions)
        allowed.pop(name, None)
        return allowed
