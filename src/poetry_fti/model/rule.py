"""Rules of agreement between stages (`[[tool.fti.align]]`)."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

Level: TypeAlias = Literal["exact", "minor", "major", "none"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition that stages have the same version of packages, up to `level`.

    A rule of level `none` is no condition: it exempts the stages from agreement on the packages.
    `packages` are normalized package names, which may contain the wildcards `*` and `?`.
    """

    stages: tuple[str, ...]
    packages: tuple[str, ...]
    level: Level = "exact"

    @property
    def is_exemption(self) -> bool:
        """Whether the rule exempts stages from agreement instead of demanding it."""
        return self.level == "none"

    def binds(self, name: NormalizedName) -> bool:
        """Return whether a package is one of those that the rule applies to."""
        return any(fnmatchcase(name, pattern) for pattern in self.packages)

    def part(self, version: Version) -> str:
        """Return the part of a version that has to be equal, without the local version label."""
        if self.level == "exact":
            return version.public
        length = 1 if self.level == "major" else 2
        numbers = ".".join(map(str, (*version.release, 0)[:length]))
        return f"{version.epoch}!{numbers}" if version.epoch else numbers
