"""What `affected_stages` returns: which stages are affected, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import PurePosixPath

    from poetry_fti.model.stage import Stage

ReasonKind: TypeAlias = Literal[
    "new",
    "setting",
    "requirements",
    "lock",
    "export",
    "base",
    "image-file",
    "path-dependency",
    "source",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a stage is affected: one line of text, and the files that differ.

    `paths` are relative to the project's root, sorted; empty for a difference in pyproject.toml.
    """

    kind: ReasonKind
    message: str
    paths: tuple[PurePosixPath, ...] = ()


@dataclass(frozen=True, slots=True)
class StageChanges:
    """A stage with the reasons why it is affected; an empty tuple if it is not."""

    stage: Stage
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedReport:
    """All stages of a project, with their changes since a git revision.

    `base` is the hash of the commit that they are compared with. `removed` are the names of stages
    that only this commit has. `warnings` are sentences about configured paths that cannot be
    compared.
    """

    base: str
    stages: tuple[StageChanges, ...]
    removed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def affected(self) -> tuple[StageChanges, ...]:
        """The stages that are affected."""
        return tuple(each for each in self.stages if each.reasons)
