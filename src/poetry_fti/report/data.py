"""What a report shows. All sizes are those of downloads, in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry_fti.checks import Finding, Unknown

# The severity of a difference between stages: the worst finding of the checks `align` and `skew` on
# the package, or `different` without one. A package without a difference has no severity.
Severity: TypeAlias = Literal["error", "warning", "different", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDownload:
    """The downloads of a stage on its platform with the largest ones.

    Attributes:
        platform: the platform; empty if no platform is known.
        sizes: pairs of package and size, heaviest first.
        unknown: the packages whose sizes are not known.
    """

    platform: str = ""
    sizes: tuple[tuple[str, int], ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The size of all packages whose size is known."""
        return sum(size for _, size in self.sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportStage:
    """A stage with the numbers of packages in its lock.

    Attributes:
        problem: why the lock is not fresh, a sentence; otherwise empty.
        is_readable: whether the packages of the lock can be read; if not, all numbers are 0.
        direct: how many packages pyproject.toml requires.
        alone: how many packages no other stage has.
    """

    name: str
    kind: str
    python: str
    platforms: tuple[str, ...]
    problem: str = ""
    is_readable: bool = True
    packages: int = 0
    direct: int = 0
    alone: int = 0
    download: StageDownload = StageDownload()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a stage has of a package.

    Attributes:
        versions: the versions, with their origins where these differ.
        is_direct: whether pyproject.toml requires the package.
        is_behind: whether another stage has a newer version.
        size: the size of the download; None if it is not known.
    """

    versions: str
    is_direct: bool
    is_behind: bool
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package with what each stage has of it, by the names of the stages that have it.

    Attributes:
        differs: whether stages have different versions of it, or the same from other origins.
        severity: how severe that is, or that a stage does not have the package.
        reasons: why versions differ, as far as the locks show it.
        findings: the findings of checks on the package, without full stops.
    """

    name: str
    cells: Mapping[str, Cell]
    differs: bool = False
    severity: Severity = ""
    reasons: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The size of the largest download that a stage has of the package; 0 if unknown."""
        return max((each.size or 0 for each in self.cells.values()), default=0)


@dataclass(frozen=True, slots=True)
class Edge:
    """A requirement on a package in some stages; `by` is empty for pyproject.toml."""

    by: str
    package: str
    requirement: str
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLayer:
    """A layer of an image; `stages` are those whose images share it, if there are several."""

    name: str
    holds: str
    reason: str
    size: int
    packages: tuple[tuple[str, int], ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageImage:
    """The layers of a stage's image, lowest first, or a sentence on why they are not known."""

    stage: str
    layers: tuple[ImageLayer, ...] = ()
    problem: str = ""

    @property
    def size(self) -> int:
        """The size of all layers."""
        return sum(layer.size for layer in self.layers)


@dataclass(frozen=True, slots=True)
class Move:
    """A package that a commit has changed in a lock; an empty text for a lock without it."""

    package: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePoint:
    """The lock of a stage in a commit, and what has changed since the commit before.

    `download` is None if the size of a package is not known.
    """

    packages: int
    download: int | None
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A commit, or the working tree, with the locks of the stages by name.

    `commit` is the abbreviated hash, empty for the working tree; `date` is an ISO 8601 date. Stages
    without a lock that can be read are left out.
    """

    commit: str
    date: str
    subject: str
    stages: Mapping[str, StagePoint]


@dataclass(frozen=True, slots=True)
class History:
    """How the locks have changed: moments, oldest first, the last of them the working tree.

    `note` is a sentence on what is left out; otherwise empty.
    """

    moments: tuple[Moment, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The stages of a project together.

    Attributes:
        project: the project's name; empty for a project without one.
        sharing: a sentence on the downloads that images share; empty if they share none.
        waived: how many findings of checks are waived.
        unknown: what the checks could not find out.
        history: None unless it is wanted.
    """

    project: str
    stages: tuple[ReportStage, ...]
    packages: tuple[Package, ...]
    edges: tuple[Edge, ...] = ()
    images: tuple[StageImage, ...] = ()
    sharing: str = ""
    findings: tuple[Finding, ...] = ()
    waived: int = 0
    unknown: tuple[Unknown, ...] = ()
    history: History | None = None

    @property
    def readable(self) -> tuple[ReportStage, ...]:
        """The stages whose locks can be read."""
        return tuple(stage for stage in self.stages if stage.is_readable)

    @property
    def shared(self) -> int:
        """The number of packages that several stages have."""
        return sum(len(each.cells) > 1 for each in self.packages)

    @property
    def differing(self) -> int:
        """The number of packages that stages have different versions of."""
        return sum(each.differs for each in self.packages)

    def count(self, level: str) -> int:
        """Return the number of findings of a level."""
        return sum(each.level == level for each in self.findings)
