"""Workers as an update of a package would use them after the locks have been made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.stage_solver import StageSolver
    from poetry_fti.bridge.solving.variants.variant import Preferences
    from poetry_fti.bridge.solving.workers.messages import Message, Reply, StageSolvers, Worker
    from poetry_fti.model.rule import Rule

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class UpdatingWorker:
    """A worker during an update of a package; see `messages.Worker`."""

    worker: Worker
    package: NormalizedName

    @property
    def is_concurrent(self) -> bool:
        """Whether messages are handled in another process, while this one goes on."""
        return self.worker.is_concurrent

    def send(self, message: Message[_Answer], /) -> Reply[_Answer]:
        """Have a message handled as if the package were being updated."""
        return self.worker.send(_DuringUpdate(self.package, message))

    def close(self) -> None:
        """Leave the worker as it is, for others."""


@dataclass(frozen=True, slots=True)
class _DuringUpdate(Generic[_Answer]):
    package: NormalizedName
    message: Message[_Answer]

    def handle(self, solvers: StageSolvers, /) -> _Answer:
        return self.message.handle(_Updates(solvers, self.package))


@dataclass(frozen=True, slots=True)
class _Updates:
    """The solvers of a worker's stages for an update; see `messages.StageSolvers`."""

    solvers: StageSolvers
    package: NormalizedName

    def stage(self, name: str, /) -> StageSolver:
        return self.solvers.stage(name).update(self.package)

    def preferences_for_rules(
        self,
        rules: Sequence[Rule],  # noqa: ARG002 - the protocol's parameters
        versions: Mapping[str, Mapping[str, Versions]],  # noqa: ARG002
        /,
    ) -> Mapping[str, Mapping[str, Preferences]]:
        # The locks satisfy the rules, so that an update that needs other versions is rare.
        raise FtiError(f"It is unknown whether an update of {self.package} satisfies the rules.")
