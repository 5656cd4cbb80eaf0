"""What the project's solver sends to a worker: frozen data, which can go through a pipe.

A message is generic in its answer: `worker.send(Attempt(...)).get()` returns what
`Attempt.handle` returns in the worker, or the FtiError that it raised there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.solving.attempts.attempts import Move
    from poetry_fti.bridge.solving.obstacles import Obstacle
    from poetry_fti.bridge.solving.outcome import Independent, Solved
    from poetry_fti.bridge.solving.stage_solver import StageSolver
    from poetry_fti.bridge.solving.variants.variant import Preferences
    from poetry_fti.model.rule import Rule

_Answer = TypeVar("_Answer")
_Answer_co = TypeVar("_Answer_co", covariant=True)


class StageSolvers(Protocol):
    """The stages of a worker, in the process in which they are solved."""

    def stage(self, name: str, /) -> StageSolver:
        """Return the solver of a stage."""
        ...

    def preferences_for_rules(
        self, rules: Sequence[Rule], versions: Mapping[str, Mapping[str, Versions]], /
    ) -> Mapping[str, Mapping[str, Preferences]]:
        """Return preferences that satisfy the rules, by stage and variant; raises FtiError."""
        ...


class Message(Protocol[_Answer_co]):
    """A request to a worker."""

    def handle(self, solvers: StageSolvers, /) -> _Answer_co:
        """Return the answer; raises FtiError. Runs in the worker's process."""
        ...


class Reply(Protocol[_Answer_co]):
    """The answer to a message, which the worker may still be working on."""

    def get(self) -> _Answer_co | FtiError:
        """Wait for the answer and return it, or the FtiError that handling the message raised."""
        ...


class Worker(Protocol):
    """Solves stages, in this process or in another one."""

    @property
    def is_concurrent(self) -> bool:
        """Whether messages are handled in another process, while this one goes on."""
        ...

    def send(self, message: Message[_Answer], /) -> Reply[_Answer]:
        """Have a message handled, after all messages sent before."""
        ...

    def close(self) -> None:
        """Stop all work, and release the worker's resources."""
        ...


@dataclass(frozen=True, slots=True)
class SolveIndependently:
    """Solve a stage without regard to other stages; the answer is its versions by variant."""

    stage: str

    def handle(self, solvers: StageSolvers, /) -> Mapping[str, Independent]:
        """Return the versions of each variant of the stage; raises FtiError."""
        return solvers.stage(self.stage).solve_independently()


@dataclass(frozen=True, slots=True)
class Attempt:
    """Try to give a variant a version of a package; see `Attempts.attempt`."""

    stage: str
    variant: str
    number: int
    package: NormalizedName
    version: Version
    agreed: frozenset[NormalizedName]

    def handle(self, solvers: StageSolvers, /) -> Move | None:
        """Return what changes with the version, or None if the variant cannot have it."""
        attempts = solvers.stage(self.stage).attempts(self.variant)
        return attempts.attempt(self.number, self.package, self.version, self.agreed)


@dataclass(frozen=True, slots=True)
class PreferencesForRules:
    """Search for versions that satisfy rules, starting from `versions` by stage and variant."""

    rules: Sequence[Rule]
    versions: Mapping[str, Mapping[str, Versions]]

    def handle(self, solvers: StageSolvers, /) -> Mapping[str, Mapping[str, Preferences]]:
        """Return preferences by stage and variant; raises FtiError if no versions satisfy them."""
        return solvers.preferences_for_rules(self.rules, self.versions)


@dataclass(frozen=True, slots=True)
class MakeLock:
    """Solve a stage with the `preferences` of its variants, and make the text of its lock."""

    stage: str
    preferences: Mapping[str, Preferences]

    def handle(self, solvers: StageSolvers, /) -> Solved:
        """Return the stage's lock; raises FtiError if the stage has no solution."""
        return solvers.stage(self.stage).make_lock(self.preferences)


@dataclass(frozen=True, slots=True)
class FindObstacle:
    """Find out what excludes a version of a package from a stage, whose lock has been made."""

    stage: str
    package: NormalizedName
    version: Version

    def handle(self, solvers: StageSolvers, /) -> Obstacle:
        """Return the obstacle; raises FtiError if it is unknown."""
        return solvers.stage(self.stage).obstacle(self.package, self.version)


def not_tried() -> FtiError:
    """Return the error of a stage that needs an index which has failed for another stage."""
    return FtiError("not tried: it would wait for the same server")
