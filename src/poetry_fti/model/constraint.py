"""A bound on the versions of a package (`constraints`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version


@dataclass(frozen=True, slots=True)
class Constraint:
    """The versions of a package that are allowed wherever the package occurs.

    `path` is that of the setting in pyproject.toml, `versions` are PEP 440 specifiers. An empty
    `marker` stands for one that is always true.
    """

    path: str
    name: NormalizedName
    versions: str
    marker: str = ""

    def allows(self, version: Version) -> bool:
        """Return whether a version, which may be a pre-release, satisfies the constraint."""
        return SpecifierSet(self.versions).contains(version, prereleases=True)

    def __str__(self) -> str:
        """Return what the constraint requires, as a sentence without its full stop."""
        condition = f" ; {self.marker}" if self.marker else ""
        return f"{self.path} requires {self.name} {self.versions}{condition}"
