"""Aligning stages: the same version of a package in as many stages as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from poetry_fti.agreement.rules import is_exempt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.model.rule import Rule

_TOGETHER: Final = 2


class Solvable(Protocol):
    """Something that is solved by itself: a stage, or a stage on one operating system."""

    def attempt(
        self,
        current: Versions,
        name: NormalizedName,
        version: Version,
        agreed: Collection[NormalizedName],
    ) -> Callable[[], Versions | None]:
        """Begin to look for a solution with a version of a package; the result returns it.

        It is None if there is none. `current` is the present solution, as it was returned, whose
        versions of the packages in `agreed` are kept.
        """
        ...


@dataclass(slots=True)
class Participant:
    """A solution of a stage (`versions`) to be aligned; without `solvable` it cannot change.

    `agreed` are the packages whose versions are final, `moves` is how often the solution changed.
    Those in `apart` are not aligned with others.
    """

    stage: str
    solvable: Solvable | None
    versions: Versions
    apart: frozenset[NormalizedName] = frozenset()
    agreed: set[NormalizedName] = field(default_factory=set)
    moves: int = 0

    def attempt(self, name: NormalizedName, version: Version) -> Callable[[], Versions | None]:
        """Begin to look for a solution with only this version of a package; see `Solvable`."""
        if _public(self.versions[name]) == (version.public,):
            return lambda: self.versions
        if name in self.agreed or self.solvable is None:
            return lambda: None
        return self.solvable.attempt(self.versions, name, version, frozenset(self.agreed))

    def accept(self, name: NormalizedName, versions: Versions) -> bool:
        """Make the version of a package in a solution final; return whether anything changed."""
        moved = self.versions is not versions
        self.agreed.add(name)
        self.versions = versions
        self.moves += moved
        return moved


def align(participants: Sequence[Participant], exemptions: Sequence[Rule] = ()) -> None:
    """Change solutions so that the participants have as many versions in common as possible.

    For each package whose version differs, the version that most participants accept is chosen,
    the highest if several do equally well; the others are then aligned among themselves. This is
    repeated until nothing changes. It terminates because a version that has been agreed on is
    final; a participant that is left alone with one may change it once. The result does not depend
    on the order of the participants. A stage that is exempt from agreement on a package agrees on
    it with itself only.
    """
    tried: set[tuple[NormalizedName, tuple[object, ...]]] = set()
    released: set[tuple[NormalizedName, int]] = set()
    changed = True
    while changed:
        changed = False
        for name in _divergent(participants):
            for each in _left_alone(name, participants):
                if (name, id(each)) not in released:
                    released.add((name, id(each)))
                    each.agreed.discard(name)
            state = tuple(_state(participant, name) for participant in participants)
            if (name, state) not in tried:
                tried.add((name, state))
                for group in _groups(name, participants, exemptions):
                    changed |= _agree(name, group)


def _left_alone(name: NormalizedName, participants: Sequence[Participant]) -> Iterator[Participant]:
    """Yield the participants that have agreed on a package with none that still has it."""
    agreed = [each for each in participants if name in each.agreed and name in each.versions]
    for participant in agreed:
        own = _public(participant.versions[name])
        if sum(_public(each.versions[name]) == own for each in agreed) == 1:
            yield participant


def _state(participant: Participant, name: NormalizedName) -> object:
    """Return what the outcome of an attempt depends on: the version, and the solution."""
    is_final = name in participant.agreed
    return name in participant.versions and (
        participant.versions[name],
        participant.moves,
        is_final,
    )


def _public(versions: Sequence[Version]) -> tuple[str, ...]:
    """Return versions without their local labels: builds of one version agree."""
    return tuple(version.public for version in versions)


def _divergent(participants: Sequence[Participant]) -> list[NormalizedName]:
    found: dict[NormalizedName, set[tuple[str, ...]]] = {}
    for participant in participants:
        for name, versions in participant.versions.items():
            found.setdefault(name, set()).add(_public(versions))
    return sorted(name for name, versions in found.items() if len(versions) > 1)


def _groups(
    name: NormalizedName, participants: Sequence[Participant], exemptions: Sequence[Rule]
) -> Iterable[list[Participant]]:
    """Return the participants with a package in groups that are to agree on it."""
    groups: dict[str, list[Participant]] = {}
    for each in participants:
        if name in each.versions and name not in each.apart:
            is_apart = is_exempt(each.stage, name, exemptions)
            groups.setdefault(each.stage if is_apart else "", []).append(each)
    return groups.values()


def _agree(name: NormalizedName, participants: Collection[Participant]) -> bool:
    """Align most participants on a package, then the others; return whether any changed."""
    moved = False
    remaining = list(participants)
    while len(remaining) > 1:
        accepting = _best(name, remaining)
        if len(accepting) < _TOGETHER:
            break
        for participant, versions in accepting:
            moved |= participant.accept(name, versions)
        done = {id(participant) for participant, _ in accepting}
        remaining = [participant for participant in remaining if id(participant) not in done]
    return moved


def _best(
    name: NormalizedName, participants: Sequence[Participant]
) -> list[tuple[Participant, Versions]]:
    return max(_choices(name, participants), key=lambda choice: (len(choice[1]), choice[0]))[1]


def _choices(
    name: NormalizedName, participants: Sequence[Participant]
) -> Iterator[tuple[Version, list[tuple[Participant, Versions]]]]:
    for version in sorted(
        {v for participant in participants for v in participant.versions[name]}, reverse=True
    ):
        attempts = [(each, each.attempt(name, version)) for each in participants]
        results = [(participant, result()) for participant, result in attempts]
        accepting = [(participant, found) for participant, found in results if found is not None]
        yield version, accepting
        if len(accepting) == len(participants):  # no lower version is accepted by more
            return
