"""The packages in which two locks differ, with what requires them and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.agreement.comparison import changes, shared_names
from poetry_fti.agreement.versions import locked_by_name
from poetry_fti.checks.shared.chains import shortest_chains
from poetry_fti.checks.shared.downloads import downloads
from poetry_fti.operations.diff.requirement_changes import Requirements, requirement_changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from poetry_fti.agreement.versions import LockedVersions
    from poetry_fti.checks.shared.facts import CheckedStage
    from poetry_fti.model.locked_version import LockedVersion
    from poetry_fti.operations.diff.requirement_changes import RequirementChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a lock has of a package.

    Attributes:
        chain: packages that each require the next, from one that pyproject.toml requires to this
            one; empty if the lock does not show it.
        size: the size of the download in bytes, for the stage's platform with the largest
            downloads; None if it is unknown.
    """

    versions: tuple[LockedVersion, ...]
    chain: tuple[NormalizedName, ...]
    size: int | None

    @property
    def is_direct(self) -> bool:
        """Whether pyproject.toml requires the package."""
        return len(self.chain) == 1


@dataclass(frozen=True, slots=True)
class Difference:
    """A package that two locks do not have the same of; None for a lock that does not have it.

    `requirements` are those whose differences explain it, if both locks have the package.
    """

    name: NormalizedName
    before: Entry | None
    after: Entry | None
    requirements: tuple[RequirementChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSize:
    """The number of packages in a lock, and the size of their downloads.

    Attributes:
        download: the size in bytes on the platform with the largest downloads; None if that of a
            package is unknown.
    """

    packages: int
    download: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """The differences between two locks, sorted by name, and the number of packages in both."""

    shared: int
    before: LockSize
    after: LockSize
    found: tuple[Difference, ...]

    @property
    def added(self) -> tuple[Difference, ...]:
        """The packages that only the second lock has."""
        return tuple(each for each in self.found if each.before is None)

    @property
    def removed(self) -> tuple[Difference, ...]:
        """The packages that only the first lock has."""
        return tuple(each for each in self.found if each.after is None)

    @property
    def changed(self) -> tuple[Difference, ...]:
        """The packages that both locks have, with other versions or from other origins."""
        return tuple(each for each in self.found if each.before and each.after)


def differences(before: CheckedStage, after: CheckedStage) -> Differences:
    """Return the differences between the locks of two stages, or of a stage at two times."""
    one, other = _Lock(before), _Lock(after)
    found = changes(one.versions, other.versions)
    return Differences(
        shared=len(shared_names((one.versions, other.versions))),
        before=one.size,
        after=other.size,
        found=tuple(_difference(each.name, one, other) for each in found),
    )


def _difference(name: NormalizedName, one: _Lock, other: _Lock) -> Difference:
    before, after = one.entry(name), other.entry(name)
    if before is None or after is None:
        return Difference(name, before, after)
    old, new = ((each.version for each in entry.versions) for entry in (before, after))
    required = one.requirements.on(name), other.requirements.on(name)
    return Difference(name, before, after, requirement_changes(*required, old, new))


def lock_size(stage: CheckedStage) -> LockSize:
    """Return the number of packages in the lock of a stage, and the size of their downloads."""
    return _Lock(stage).size


class _Lock:
    """A lock with its packages by name."""

    def __init__(self, stage: CheckedStage) -> None:
        self.versions: LockedVersions = locked_by_name(stage.packages)
        self._chains = shortest_chains(stage)
        self._sizes, total = _sizes(stage)
        self.size = LockSize(packages=len(self.versions), download=total)
        self.requirements = Requirements(stage)

    def entry(self, name: NormalizedName) -> Entry | None:
        """Return what the lock has of a package; None if it does not have it."""
        if name not in self.versions:
            return None
        return Entry(
            versions=self.versions[name],
            chain=self._chains.get(name, ()),
            size=self._sizes.get(name),
        )


def _sizes(stage: CheckedStage) -> tuple[Mapping[NormalizedName, int], int | None]:
    """Return the sizes of a stage's packages by name as far as they are known, and their sum.

    The sum is None if a size is unknown.
    """
    largest = max(downloads(stage), key=lambda each: each.total, default=None)
    if largest is None:
        return {}, None
    sizes: dict[NormalizedName, int] = {}
    for size, package in largest.sizes:
        sizes[package.name] = sizes.get(package.name, 0) + size
    return sizes, None if largest.unknown else largest.total
