"""The lock of a stage as it is on disk, each part of which is read at most once.

What reads more of a lock than its state is imported where it is used: locks are mostly checked.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import poetry.core
from packaging.utils import canonicalize_name

from poetry_fti.bridge.internals.locker import lock_version
from poetry_fti.bridge.lock.conditions import conditions_digest
from poetry_fti.bridge.lock.locker import (
    LockStatus,
    StageLocker,
    lock_status,
    quick_status,
)
from poetry_fti.bridge.project.pyproject import project_name
from poetry_fti.bridge.remembered import is_remembered, remember
from poetry_fti.reading import read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version
    from poetry.core.packages.package import Package

    from poetry_fti.agreement.versions import LockedVersions
    from poetry_fti.bridge.lock.compared import FilelessLocker
    from poetry_fti.bridge.lock.dependencies.graph import GraphReader
    from poetry_fti.bridge.lock.pins import Pin
    from poetry_fti.bridge.lock.text.file_lines import LockedFiles
    from poetry_fti.bridge.project.derived_stage import DerivedStage
    from poetry_fti.model.lock import LockedPackage

# What is remembered of a lock that is fresh. The number changes if a state is found otherwise.
_KIND: Final = "fresh"
_FORMAT: Final = 1
_FRESH: Final = LockStatus("fresh", is_readable=True)


class StageLock:
    """A lock on disk. What its states say leaves the rules that tie stages out of account."""

    def __init__(
        self,
        derived: DerivedStage,
        conditions: Mapping[str, Any],
        read: Callable[[], str],
        solved: tuple[LockedPackage, ...] = (),
    ) -> None:
        """Expect a lock whose text `read` returns, solved under these conditions.

        `conditions` is the table `[metadata.fti]`. `solved` are the packages of a lock that has
        just been written, and is known to be fresh.
        """
        self._derived = derived
        self._conditions = conditions
        self._solved = solved
        self._read = read

    @cached_property
    def text(self) -> str:
        """The text of the lock; empty if it is missing or cannot be read."""
        return self._read()

    @cached_property
    def locker(self) -> StageLocker:
        """Poetry's locker for this lock."""
        return StageLocker(self._derived.lock, self._derived.data, self._conditions)

    @cached_property
    def status(self) -> LockStatus:
        """The state of the lock, of which every part has been read."""
        return _FRESH if self._solved else self._checked(lock_status(self.locker))

    @cached_property
    def quick_status(self) -> LockStatus:
        """The same, found faster: the strings of a lock that looks whole are not read.

        Nor is a lock that was fresh before, unless something has changed on which that depends.
        """
        if self._solved:
            return _FRESH
        folder = self._derived.lock.parent
        if self.text and is_remembered(folder, _KIND, self._content()):
            return _FRESH
        status = self._checked(quick_status(self.locker, self.text))
        if status == _FRESH:
            remember(folder, _KIND, self._content())
        return status

    def _content(self) -> str:
        """Return all that the state of the lock depends on."""
        stage, versions = self._derived.stage, (_FORMAT, lock_version(), poetry.core.__version__)
        settings = (stage.constraints, stage.overrides, stage.targets, self._derived.python)
        shown = (versions, self.locker.content_hash, self._conditions, settings, self._own)
        return f"{shown!r}\n{self.text}"

    @property
    def _own(self) -> NormalizedName:
        return canonicalize_name(project_name(self._derived.data))

    def _checked(self, status: LockStatus) -> LockStatus:
        """Return the state of a lock, stale if it violates a constraint or a requirement."""
        if status.state != "fresh":
            return status
        try:
            reason = self._violation() or self._inconsistency()
        except Exception:  # noqa: BLE001 - Poetry raises any type for damaged text
            return lock_status(self.locker)
        return replace(status, state="stale", reason=reason) if reason else status

    def _violation(self) -> str:
        if not self._derived.stage.constraints:
            return ""
        from poetry_fti.bridge.lock.violation import violation  # noqa: PLC0415 - rarely needed

        return violation(self._derived, self.pins, lambda: self.locker)

    def _inconsistency(self) -> str:
        # An override may have been applied to what the lock records, or to its versions only. The
        # project itself satisfies what path dependencies require of it.
        from poetry_fti.bridge.lock.consistency import inconsistency  # noqa: PLC0415

        overridden = (name for name, _ in self._derived.stage.overrides)
        return inconsistency(self.text, {self._own, *overridden})

    @cached_property
    def packages(self) -> tuple[LockedPackage, ...]:
        """What a readable lock installs where the stage runs; raises FtiError if it cannot."""
        from poetry_fti.bridge.lock.locked import read_packages  # noqa: PLC0415

        derived = self._derived
        return read_packages(self.locker, derived.stage, derived.python, derived.root)

    @cached_property
    def compared(self) -> tuple[LockedPackage, ...]:
        """The packages as far as stages are compared: without files.

        Raises FtiError as `packages` does, and what Poetry raises for a damaged lock.
        """
        if self._solved:
            return self._solved
        from poetry_fti.bridge.lock.compared import read_compared  # noqa: PLC0415 - not for new locks

        derived, locker = self._derived, self._fileless
        return read_compared(locker, derived.stage, derived.python, derived.root, self.pins)

    @cached_property
    def _fileless(self) -> FilelessLocker:
        from poetry_fti.bridge.lock.compared import FilelessLocker  # noqa: PLC0415 - as above

        derived, text = self._derived, self.text
        if not text or "\N{REPLACEMENT CHARACTER}" in text:  # what is not UTF-8 has been replaced
            text = read_bytes(derived.lock).decode()
        return FilelessLocker(derived, self._conditions, text)

    def graph_reader(
        self, pyproject: Mapping[str, Any], *, with_extras: bool = False
    ) -> GraphReader:
        """Return a reader of the dependency graph, with what extras require if `with_extras`.

        Raises what Poetry raises for a damaged lock.
        """
        from poetry_fti.bridge.lock.dependencies.graph import GraphReader  # noqa: PLC0415 - slow

        locker = self.locker if with_extras else self._fileless
        return GraphReader(self._derived, locker.lock_data["package"], pyproject)

    @cached_property
    def files(self) -> LockedFiles:
        """The names and digests of the files of each package and version in the lock."""
        from poetry_fti.bridge.lock.text.file_lines import locked_files  # noqa: PLC0415

        return locked_files(self.text)

    @cached_property
    def pins(self) -> Sequence[Pin]:
        """The locked versions, of a lock with merge markers those of both sides."""
        from poetry_fti.bridge.lock.preferences import readable_pins  # noqa: PLC0415

        return readable_pins(self.text)

    @cached_property
    def versions(self) -> Mapping[NormalizedName, tuple[Version, ...]]:
        """The versions of each package in the lock, ascending."""
        from poetry_fti.agreement.comparison import versions_by_name  # noqa: PLC0415
        from poetry_fti.bridge.lock.preferences import pinned_versions  # noqa: PLC0415

        return versions_by_name(self._solved) if self._solved else pinned_versions(self.pins)

    @cached_property
    def locked_versions(self) -> LockedVersions:
        """The versions of each package in the lock with their origins, ascending."""
        from poetry_fti.agreement.versions import locked_by_name  # noqa: PLC0415
        from poetry_fti.bridge.lock.origins import pinned_locked_versions  # noqa: PLC0415

        derived = self._derived
        return (
            locked_by_name(self._solved)
            if self._solved
            else pinned_locked_versions(self.pins, derived.lock.parent, derived.root)
        )

    def preferred(self) -> Sequence[Package]:
        """Return the stage's previous pins for the solver; raises FtiError for a damaged lock."""
        from poetry_fti.bridge.lock.preferences import (  # noqa: PLC0415
            own_pins,
            preferred_packages,
        )

        if self.quick_status.is_merging:
            return preferred_packages([self.pins])
        if self.quick_status.state == "missing":
            return ()
        # Of a version from two sources, `files` has those of both.
        is_unique = len({(pin.name, pin.version) for pin in self.pins}) == len(self.pins)
        is_usual = is_unique and all(map(self._is_usual, self.pins))
        return own_pins(self._fileless if is_usual else self.locker)

    def _is_usual(self, pin: Pin) -> bool:
        """Return whether a package is from an index, and `files` contains all of its files."""
        digests = {each.digest for each in self.files.get((pin.name, pin.parsed_version), ())}
        return pin.source_type in (None, "legacy") and pin.digests == digests


def stage_digest(derived: DerivedStage) -> str:
    """Return the digest of what a stage itself requires, whatever its siblings and rules are."""
    locker = StageLocker(derived.lock, derived.data, {})
    return conditions_digest(derived.stage, derived.paths.digests, locker.content_hash)
