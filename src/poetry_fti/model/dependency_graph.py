"""The dependency graph of a stage: what pyproject.toml and each locked package require."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.model.lock import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A requirement of a locked package, or of pyproject.toml.

    Attributes:
        extras: the extras of the required package that are requested.
        marker: where the requirement applies on the stage's targets; empty for everywhere.
        for_extras: the extras of the requiring package that have this requirement; empty if the
            package always has it.
        declared: the place in pyproject.toml, such as `group training`; empty for a requirement of
            a package.
    """

    requirement: Requirement
    extras: tuple[NormalizedName, ...] = ()
    marker: str = ""
    for_extras: tuple[NormalizedName, ...] = ()
    declared: str = ""

    @property
    def name(self) -> NormalizedName:
        """The name of the required package."""
        return self.requirement.name

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        constraint = str(self.requirement).removeprefix(self.name)
        return f"{self.name}{extras}{constraint}{f'; {self.marker}' if self.marker else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DependentPackage:
    """A locked version of a package with its requirements that apply on the stage's targets.

    Name and version identify it within a lock.
    """

    name: NormalizedName
    version: Version
    requires: tuple[Dependency, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyGraph:
    """The direct requirements of a stage, and the packages of its lock."""

    direct: tuple[Dependency, ...]
    packages: tuple[DependentPackage, ...]
