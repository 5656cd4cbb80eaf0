"""The outcome of solving a stage: its lock, or an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from poetry_fti.agreement.held_back import HeldBack
    from poetry_fti.bridge.lock.locked import SolvedLock


@dataclass(frozen=True, slots=True)
class Saving:
    """What naming the usual platforms would change for a stage: before and after.

    `seconds` are those of solving, `packages` the numbers of locked packages.
    """

    seconds: tuple[float, float]
    packages: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A solved stage: its lock, warnings about packages in it, and the seconds spent on it.

    `saving` is set if solving was slow because the stage names no platforms. `held_back` and
    `added` are what agreement changes for the worse; attempts to agree on the packages in
    `unfinished` were given up because they would have taken too long.
    """

    lock: SolvedLock
    seconds: float
    warnings: tuple[str, ...] = ()
    saving: Saving | None = None
    held_back: tuple[HeldBack, ...] = ()
    added: tuple[NormalizedName, ...] = ()
    unfinished: tuple[NormalizedName, ...] = ()


Outcome: TypeAlias = Solved | FtiError
