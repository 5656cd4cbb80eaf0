"""Align, then diverge: the same version in every stage that can have it."""

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
    """What is solved on its own: a stage, or a stage on one operating system."""

    def attempt(
        self, name: NormalizedName, wanted: Mapping[NormalizedName, Version]
    ) -> Versions | None:
        """Return the versions of each package when all in `wanted` can be had, else None.

        `name` is the one of them that the participant has another version of so far.
        """
        ...


@dataclass(slots=True)
class Participant:
    """What has versions, and keeps those in `agreed`; without `solvable` it keeps them all.

    `preferred` is what has led to its versions: nothing, as long as it is as it was on its own.
    """

    solvable: Solvable | None
    versions: Versions
    agreed: dict[NormalizedName, Version] = field(default_factory=dict)
    preferred: Mapping[NormalizedName, Version] = field(default_factory=dict)

    def attempt(self, name: NormalizedName, version: Version) -> Versions | None:
        """Return the versions with which the participant has only this one, None if it cannot."""
        if self.versions[name] == (version,):
            return self.versions
        if name in self.agreed or self.solvable is None:
            return None
        return self.solvable.attempt(name, {**self.agreed, name: version})

    def accept(self, name: NormalizedName, version: Version, versions: Versions) -> bool:
        """Agree to a version; tell whether that changed anything."""
        moved = self.versions[name] != (version,)
        self.agreed[name] = version
        if moved:
            self.versions, self.preferred = versions, dict(self.agreed)
        return moved


def align(participants: Sequence[Participant]) -> None:
    """Let participants agree wherever they can; each comes with the versions it has on its own.

    For each package in which participants differ the version that most of them can have wins, the
    higher one of two; those that cannot have it agree among themselves. Repeated until nothing
    changes: every step adds a version that is never given up, so this ends. The order of the
    participants does not matter.
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
    """Return what decides on what a participant can have: also what has moved so far."""
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
    """Give as many as possible the same version, then the others; return whether any moved."""
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
        if len(accepting) == len(participants):  # no lower version can do better
            return
