"""The outcome of solving a stage: its lock, or an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.held_back import HeldBack
    from poetry_fti.agreement.versions import Versions
    from poetry_fti.bridge.lock.locked import SolvedLock
    from poetry_fti.bridge.solving.variants.saving import Saving


@dataclass(frozen=True, slots=True)
class Independent:
    """The versions of a variant of a stage without regard to other stages.

    Of the packages in `apart`, newer releases that other variants of the stage have cannot be
    installed on the targets of this one.
    """

    versions: Versions
    apart: frozenset[NormalizedName] = frozenset()


class DividedError(FtiError):
    """A variant that rules bind has been divided into several, which have to be solved again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A solved stage: its lock, warnings about packages in it, and the seconds spent on it.

    `notes` are sentences about its targets; `versions` are those of each variant in the lock.
    `saving` is set if solving was slow because the stage names no platforms. `held_back` and
    `added` are what agreement changes for the worse; attempts to agree on the packages in
    `unfinished` were given up because they would have taken too long.
    """

    lock: SolvedLock
    versions: Mapping[str, Versions]
    seconds: float
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    saving: Saving | None = None
    held_back: tuple[HeldBack, ...] = ()
    added: tuple[NormalizedName, ...] = ()
    unfinished: tuple[NormalizedName, ...] = ()


Outcome: TypeAlias = Solved | FtiError


def cannot_agree(stages: Sequence[str], text: str) -> FtiError:
    """Return the error of stages that rules tie together but that cannot follow them."""
    return FtiError(f"{' and '.join(stages)} cannot agree as tool.fti.align demands:\n{text}")


def tied_to(failed: str) -> FtiError:
    """Return the error of a stage that is not locked because a stage that is tied to it failed."""
    return FtiError(f"not locked: a rule in tool.fti.align ties it to {failed}, which failed")
