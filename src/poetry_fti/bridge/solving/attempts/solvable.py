"""A variant of a stage in its worker, as the alignment sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.agreement.alignment import Participant
from poetry_fti.bridge.solving.workers.messages import Attempt
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.attempts.attempts import Move
    from poetry_fti.bridge.solving.outcome import Independent
    from poetry_fti.bridge.solving.workers.messages import Worker


class SolvableVariant:
    """A variant whose worker makes the attempts; see `Solvable`."""

    def __init__(self, worker: Worker, stage: str, variant: str, versions: Versions) -> None:
        """Take the versions of the variant's own solution."""
        self._worker = worker
        self._stage = stage
        self._variant = variant
        # By identity, which is fast; the versions are kept so that it stays unique.
        self._numbers: dict[int, tuple[int, Versions]] = {id(versions): (0, versions)}

    def attempt(
        self,
        current: Versions,
        name: NormalizedName,
        version: Version,
        agreed: Collection[NormalizedName],
    ) -> Callable[[], Versions | None]:
        """Send an attempt to the worker; see `Solvable`."""
        number, _ = self._numbers[id(current)]
        message = Attempt(self._stage, self._variant, number, name, version, frozenset(agreed))
        reply = self._worker.send(message)
        return lambda: self._result(current, reply.get())

    def _result(self, current: Versions, answer: Move | FtiError | None) -> Versions | None:
        # If an index fails now, the stage keeps the versions that it has.
        if answer is None or isinstance(answer, FtiError):
            return None
        changed = {**current, **dict(answer.changes)}
        versions = {name: found for name, found in changed.items() if found}
        self._numbers[id(versions)] = (answer.number, versions)
        return versions


def participant(worker: Worker, stage: str, variant: str, found: Independent) -> Participant:
    """Return a variant that has been solved by a worker, to be aligned with others."""
    solvable = SolvableVariant(worker, stage, variant, found.versions)
    return Participant(stage, solvable, found.versions, apart=found.apart)
