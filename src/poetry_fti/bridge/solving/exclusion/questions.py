"""Messages that ask what a stage can have; see `workers.messages`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.bridge.solving.exclusion.possibility import offered, possibility

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.bridge.solving.exclusion.possibility import Offered, Possibility
    from poetry_fti.bridge.solving.workers.messages import StageSolvers


@dataclass(frozen=True, slots=True)
class FindNewest:
    """Find the newest releases of a package that a stage's package sources offer."""

    stage: str
    package: NormalizedName

    def handle(self, solvers: StageSolvers, /) -> Offered:
        """Return the releases."""
        stage = solvers.stage(self.stage)
        return offered(stage.task, stage.whole, self.package)


@dataclass(frozen=True, slots=True)
class FindPossibility:
    """Find out whether a stage, whose pins are those of its lock, can have a version."""

    stage: str
    package: NormalizedName
    version: Version

    def handle(self, solvers: StageSolvers, /) -> Possibility:
        """Return whether it can, and what excludes the version if not; raises FtiError."""
        stage = solvers.stage(self.stage)
        return possibility(stage.task, stage.whole, self.package, self.version)
