"""What is known about a package's saved objects in other versions of the package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.version import Version

Direction: TypeAlias = Literal["older-to-newer", "newer-to-older", "both"]
Kind: TypeAlias = Literal["saved-objects", "shared-code"]
Level: TypeAlias = Literal["error", "warning"]
# The numbers of a release: (1, 4) for the versions 1.4 to 1.4.x.
Release: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A change between two versions of a package that breaks something.

    Attributes:
        below: the older version of a step across the boundary is below this release.
        start: the newer version of such a step is this release or a later one.
        direction: from the version that saves an object to the version that loads it.
        kind: whether saved objects break, or code that both stages run.
        silent: there is no error: objects load, and results differ.
        breaks: what breaks, as one sentence.
        source: how the boundary was found.
        since: the older version of such a step is this release or a later one, or None if it can
            be any.
        needs: a package without which the boundary does not apply, or None.
        level: how severe the step is.
        form: `pickle:MODULE` if only pickles that refer to a module break, `binary` for binary
            files, or None.
    """

    below: Release
    start: Release
    direction: Direction
    kind: Kind
    breaks: str
    source: str
    silent: bool = False
    since: Release | None = None
    needs: str | None = None
    level: Level = "error"
    form: str | None = None

    def is_crossed(self, producer: Version, consumer: Version) -> bool:
        """Return whether objects saved with the producer's version break in the consumer's."""
        away = "older-to-newer" if producer < consumer else "newer-to-older"
        older, newer = sorted((producer, consumer))
        return (
            older != newer  # both may lie between the releases that were measured
            and self.direction in {away, "both"}
            and leading(older, self.below) < self.below
            and leading(newer, self.start) >= self.start
            and (self.since is None or leading(older, self.since) >= self.since)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFacts:
    """The boundaries of a package, and the range of versions in which they were searched for.

    Attributes:
        oldest: the oldest release that was measured.
        newest: the newest release that was measured.
        series: how many numbers of a version identify releases that are taken as compatible where
            they were not measured.
        boundaries: sorted by the version in which they start.
    """

    oldest: Release
    newest: Release
    series: int
    boundaries: tuple[Boundary, ...]

    def is_measured(self, version: Version) -> bool:
        """Return whether a version is in the measured range."""
        oldest, newest = leading(version, self.oldest), leading(version, self.newest)
        return oldest >= self.oldest and newest <= self.newest

    def are_compatible(self, one: Version, other: Version) -> bool:
        """Return whether two versions are of one series, between which no change is assumed."""
        return series_of(one, self.series) == series_of(other, self.series)


@dataclass(frozen=True, slots=True)
class OnnxFormat:
    """A version of the ONNX operators (`opset`) and of the file format (`ir`)."""

    opset: int
    ir: int


@dataclass(frozen=True, slots=True)
class OnnxFormats:
    """ONNX formats by release of the package that writes or reads them.

    Attributes:
        written: what `onnx` writes by default, by its release.
        read: the newest format that `onnxruntime` reads, by its release.
    """

    written: Mapping[Release, OnnxFormat]
    read: Mapping[Release, OnnxFormat]


@dataclass(frozen=True, slots=True)
class SkewFacts:
    """All facts: by package name (normalized; `python` for Python), and the ONNX formats."""

    packages: Mapping[str, PackageFacts]
    onnx: OnnxFormats


def series_of(version: Version, length: int) -> Release:
    """Return the first numbers of a version, which is padded with zeros if it has fewer."""
    return (*version.release, *(0,) * length)[:length]


def leading(version: Version, like: Release) -> Release:
    """Return as many numbers of a version as another release has.

    A pre-release counts as its release, and local labels are ignored: 1.6rc1 and 1.6.1+cpu are
    both (1, 6) if compared to (1, 6).
    """
    return series_of(version, len(like))
