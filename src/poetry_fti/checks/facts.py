"""What checks are given: the stages of a project with their locks, and what is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poetry_fti.model import LockedPackage, Requirement, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedStage:
    """A stage and the content of its lock, whether or not that is fresh.

    Attributes:
        problem: why the lock is not fresh and the command that repairs it, as a sentence with its
            full stop; empty for a fresh lock.
        requirements: the stage's own requirements, without transitive ones.
        packages: the packages of the lock that apply on the stage's targets, without files; empty
            if the lock cannot be read.
    """

    stage: Stage
    problem: str
    requirements: tuple[Requirement, ...]
    packages: tuple[LockedPackage, ...]

    @property
    def name(self) -> str:
        """The name of the stage."""
        return self.stage.name

    @property
    def path(self) -> str:
        """The dotted path of the stage's table in pyproject.toml."""
        return f"tool.fti.stages.{self.stage.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProject:
    """A project as checks see it.

    What costs time is a function, called by the checks that need it.

    Attributes:
        stages: all stages, in the order feature, training, inference and then by name.
        leftovers: returns the folders that belong to no stage, relative to the project's root.
    """

    stages: tuple[CheckedStage, ...]
    leftovers: Callable[[], Sequence[str]]
