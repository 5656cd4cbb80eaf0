"""What `compare_since` returns: how the locks of stages have changed since a git revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.checks.skew import Boundary
    from poetry_fti.operations.diff.differences import Differences, LockSize

StageChange: TypeAlias = Literal["changed", "unchanged", "new", "removed", "unreadable"]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A package whose versions before and now are on both sides of a boundary of saved objects."""

    package: NormalizedName
    before: Version
    after: Version
    boundary: Boundary


@dataclass(frozen=True, slots=True, kw_only=True)
class StageHistory:
    """A stage and what has changed in its lock since a revision.

    Attributes:
        state: `unchanged` for a stage with the same packages, `new` for one that has no lock in the
            revision, `removed` for one that no longer exists, `unreadable` for one whose lock
            cannot be read in the revision.
        reason: why it cannot be read there, otherwise empty.
        before: the size of the lock in the revision; None if the stage is new, if its lock there
            cannot be read, or if the lock is the same.
        after: the size of the lock; None if the stage is removed, or if the lock is the same.
        differences: the differences between both locks; None if one of them is missing.
        crossings: what objects that were saved before meet when they are loaded now.
    """

    name: str
    state: StageChange
    reason: str = ""
    before: LockSize | None = None
    after: LockSize | None = None
    differences: Differences | None = None
    crossings: tuple[Crossing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The stages of a project with the changes of their locks since a revision.

    `commit` is the hash of what they are compared with: the common ancestor of the revision and
    HEAD. `problems` are sentences on the locks that are not fresh.
    """

    revision: str
    commit: str
    stages: tuple[StageHistory, ...]
    problems: tuple[str, ...]
