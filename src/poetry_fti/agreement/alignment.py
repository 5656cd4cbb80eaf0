"""Aligning stages: the same version of a package in as many stages as possible."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.versions import Versions

_TOGETHER: Final = 2


class Solvable(Protocol):
    """Something that is solved by itself: a stage, or a stage on one operating system."""

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        """Return a solution with all versions in `wanted`, or None if there is none.

        `name` is the package in `wanted` whose version differs in the current solution.
        """
        ...


@dataclass(slots=True)
class Participant:
    """A solution (`versions`) to be aligned; without `solvable` it cannot change.

    `agreed` are the versions that are final. `preferred` are those that the current solution was
    solved with; it is empty while the solution is the original one.
    """

    solvable: Solvable | None
    versions: Versions
    agreed: dict[NormalizedName, Version] = field(default_factory=dict)
    preferred: Mapping[NormalizedName, Version] = field(default_factory=dict)

    def attempt(self, name: NormalizedName, version: Version) -> Versions | None:
        """Return a solution with only this version of a package, or None if there is none."""
        if self.versions[name] == (version,):
            return self.versions
        if name in self.agreed or self.solvable is None:
            return None
        return self.solvable.attempt(name, {**self.agreed, name: version})

    def accept(self, name: NormalizedName, version: Version, versions: Versions) -> bool:
        """Make a version final, with its solution; return whether the solution changed."""
        moved = self.versions[name] != (version,)
        self.agreed[name] = version
        if moved:
            self.versions, self.preferred = versions, dict(self.agreed)
        return moved


def align(participants: Sequence[Participant]) -> None:
    """Change solutions so that the participants have as many versions in common as possible.

    For each package whose version differs, the version that most participants accept is chosen,
    the highest if several do equally well; the others are then aligned among themselves. This is
    repeated until nothing changes. It terminates because a version that has been agreed on is
    final. The result does not depend on the order of the participants.
    """
    tried: set[tuple[NormalizedName, tuple[object, ...]]] = set()
    changed = True
    while changed:
        changed = False
        for name in _divergent(participants):
            state = tuple(_state(participant, name) for participant in participants)
            if (name, state) not in tried:
                tried.add((name, state))
                changed |= _agree(
                    name,
                    [participant for participant in participants if name in participant.versions],
                )


def _state(participant: Participant, name: NormalizedName) -> object:
    """Return what the outcome of an attempt depends on: versions and agreements so far."""
    return name in participant.versions and (
        participant.versions[name],
        frozenset(participant.preferred.items()),
    )


def _divergent(participants: Sequence[Participant]) -> list[NormalizedName]:
    found: dict[NormalizedName, set[tuple[Version, ...]]] = {}
    for participant in participants:
        for name, versions in participant.versions.items():
            found.setdefault(name, set()).add(versions)
    return sorted(name for name, versions in found.items() if len(versions) > 1)


def _agree(name: NormalizedName, participants: Collection[Participant]) -> bool:
    """Align most participants on a package, then the others; return whether any changed."""
    moved = False
    remaining = list(participants)
    while len(remaining) > 1:
        version, accepting = _best(name, remaining)
        if len(accepting) < _TOGETHER:
            break
        for participant, versions in accepting:
            moved |= participant.accept(name, version, versions)
        done = {id(participant) for participant, _ in accepting}
        remaining = [participant for participant in remaining if id(participant) not in done]
    return moved


def _best(
    name: NormalizedName, participants: Sequence[Participant]
) -> tuple[Version, list[tuple[Participant, Versions]]]:
    return max(_choices(name, participants), key=lambda choice: (len(choice[1]), choice[0]))


def _choices(
    name: NormalizedName, participants: Sequence[Participant]
) -> Iterator[tuple[Version, list[tuple[Participant, Versions]]]]:
    for version in sorted(
        {v for participant in participants for v in participant.versions[name]}, reverse=True
    ):
        attempts = [
            (participant, participant.attempt(name, version)) for participant in participants
        ]
        accepting = [(participant, found) for participant, found in attempts if found is not None]
        yield version, accepting
        if len(accepting) == len(participants):  # no lower version is accepted by more
            return
