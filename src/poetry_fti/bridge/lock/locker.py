"""The lock of a stage on disk, and its state: fresh, stale, missing or broken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from poetry.core.constraints.version import parse_constraint
from poetry.packages.locker import Locker

from poetry_fti.bridge.internals.locker import (
    content_hash,
    has_locked_package,
    lock_version,
    locked_package,
)
from poetry_fti.bridge.lock.conditions import stale_reason
from poetry_fti.bridge.lock.lock_summary import summarize
from poetry_fti.bridge.lock.validation import problem
from poetry_fti.bridge.lock.written_lock import written_content_hash
from poetry_fti.bridge.markers import parsed_marker
from poetry_fti.reading import read_bytes
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from poetry.core.packages.package import Package
    from poetry.packages.transitive_package_info import TransitivePackageInfo

_MERGING: Final = "it contains merge markers"
LockState: TypeAlias = Literal["fresh", "stale", "missing", "broken"]


@dataclass(frozen=True, slots=True)
class LockStatus:
    """The state of a stage's lock.

    `reason` completes "the lock cannot be read:" for a broken lock. For a stale one it names path
    dependencies that have changed, or what a lock without the table `[metadata.fti]` does not
    record; it is empty if other things have changed, unless a caller sets it, for example to what
    the lock violates.
    `is_merging` is set for a lock with git's merge markers. `is_readable` is set if its packages
    can be listed, which needs lock version 2.1 or newer.
    """

    state: LockState
    reason: str = ""
    is_readable: bool = False
    is_merging: bool = False


class StageLocker(Locker):
    """Poetry's locker for the lock of a stage, whose conditions are in `[metadata.fti]`."""

    def __init__(
        self, lock: Path, pyproject_data: dict[str, Any], conditions: Mapping[str, Any]
    ) -> None:
        """Read the lock at a path; it is fresh if it matches the derived project and conditions."""
        super().__init__(lock, pyproject_data)
        self.pyproject_data = pyproject_data
        self.conditions = conditions
        self._packages: dict[Package, TransitivePackageInfo] | None = None

    @property
    def content_hash(self) -> str:
        """Poetry's hash of the parts of the derived project that affect the lock."""
        return content_hash(self) or self._written_content_hash

    @cached_property
    def _written_content_hash(self) -> str:
        return written_content_hash(self.pyproject_data)

    def is_fresh(self) -> bool:
        """Return whether the lock matches the derived project and the stage's conditions."""
        metadata = self.lock_data["metadata"]
        if metadata.get("fti", {}) != self.conditions:
            return False
        # Poetry's own check parses the file again; it is needed for hashes of its former versions.
        return self.content_hash == metadata["content-hash"] or super().is_fresh()

    def pinned_packages(self) -> Iterator[Package]:
        """Yield the locked packages for the solver, which reads requirements from the index.

        Only packages from elsewhere come with their dependencies.
        """
        if not has_locked_package():
            yield from self.locked_repository().packages
            return
        for info in self.lock_data["package"]:
            direct = info.get("source", {}).get("type", "legacy") != "legacy"
            yield locked_package(self, info, with_dependencies=direct)

    def locked_packages(self) -> dict[Package, TransitivePackageInfo]:
        """Return the packages of the lock with their groups and markers; cached."""
        if self._packages is None:
            self._packages = super().locked_packages()
        return self._packages


def lock_status(locker: StageLocker) -> LockStatus:
    """Return the state of a stage's lock, after reading all of it.

    Errors of reading are not raised: the lock is then broken.
    """
    if not locker.is_locked():
        return LockStatus("missing")
    reason = _unreadable(locker)
    if reason:
        return LockStatus("broken", reason, is_merging=reason == _MERGING)
    readable = locker.is_locked_groups_and_markers()
    if readable and locker.is_fresh():
        return LockStatus("fresh", is_readable=True)
    metadata = locker.lock_data["metadata"]
    matches = metadata["content-hash"] == locker.content_hash
    reason = stale_reason(metadata.get("fti", {}), locker.conditions) if matches else ""
    return LockStatus("stale", reason, is_readable=readable)


def quick_status(locker: StageLocker, text: str) -> LockStatus:
    """Return the state of a stage's lock with this text, without parsing its packages if possible.

    It differs from `lock_status` only in that the values of strings (versions, markers) are not
    checked, as locking does not need them.
    """
    # What is not UTF-8 has been replaced in the text.
    summary = None if "\N{REPLACEMENT CHARACTER}" in text else summarize(text)
    # Poetry itself handles locks of other versions, with other kinds of hashes.
    if summary is None or summary.lock_version != lock_version():
        return lock_status(locker)
    matches = summary.content_hash == locker.content_hash
    if matches and summary.conditions == locker.conditions:
        return LockStatus("fresh", is_readable=True)
    reason = stale_reason(summary.conditions, locker.conditions) if matches else ""
    return LockStatus("stale", reason, is_readable=True)


def _unreadable(locker: Locker) -> str:
    try:
        read_bytes(locker.lock)  # raises for what Poetry would read without an end
        return _read_through(locker)
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    except OSError as error:
        reason = error.strerror or str(error)
        return reason[0].lower() + reason[1:]
    except RuntimeError as error:
        from poetry_fti.bridge.lock.pins import has_merge_markers  # noqa: PLC0415 - rarely needed

        merging = has_merge_markers(read_bytes(locker.lock).decode())
        return _MERGING if merging else _in_one_line(error)
    except Exception as error:  # noqa: BLE001 - Poetry raises any type for damaged text
        first = in_one_line(str(error).partition("\n")[0])
        return f"it is incomplete or damaged ({type(error).__name__}: {first})"


def _read_through(locker: Locker) -> str:
    """Read everything that Poetry reads unchecked, so that damage is detected here.

    Returns what the first package with invalid data has, empty if there is none.
    """
    locker.lock_data["metadata"]["content-hash"].strip()
    for info in locker.lock_data["package"]:
        if found := problem(info):
            return (
                f"{in_one_line(info['name'])} {in_one_line(info['version'])} is not valid: {found}"
            )
    readable = locker.is_locked_groups_and_markers()
    for package in locker.locked_packages() if readable else locker.locked_repository().packages:
        for file in package.files:
            file["file"].strip(), file["hash"].strip()
    for info in locker.lock_data["package"]:
        for _, table in dependency_tables(info):
            parse_constraint(table.get("version", "*"))
            parsed_marker(table.get("markers", ""))
    return ""


def dependency_tables(info: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name and the table of each dependency of a package entry in a lock.

    A dependency that is written as a string becomes a table with the key `version`.
    """
    for name, constraints in info.get("dependencies", {}).items():
        for constraint in constraints if isinstance(constraints, list) else [constraints]:
            yield name, constraint if isinstance(constraint, dict) else {"version": constraint}


def _in_one_line(error: RuntimeError) -> str:
    # Poetry's second sentence suggests `poetry lock`, which would lock the project, not the stage.
    first = str(error).partition("\n")[0].rstrip(".")
    invalid = re.fullmatch(r"Unable to read the lock file \((.*)\)", first)
    return f"it is not valid TOML: {invalid[1]}" if invalid else first[0].lower() + first[1:]
