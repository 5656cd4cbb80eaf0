"""A stage's lock on disk: its state, and what Poetry would write, without writing it."""

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
from poetry_fti.bridge.lock.lock_summary import summarize
from poetry_fti.bridge.lock.pins import has_merge_markers
from poetry_fti.bridge.lock.written_lock import written_content_hash
from poetry_fti.bridge.markers import parsed_marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from poetry.core.packages.package import Package
    from poetry.packages.transitive_package_info import TransitivePackageInfo

_MERGING: Final = "it holds merge markers"
LockState: TypeAlias = Literal["fresh", "stale", "missing", "broken"]


@dataclass(frozen=True, slots=True)
class LockStatus:
    """The state of a stage's lock; `reason` says why it is broken, `is_merging` that git did it.

    It is readable if its packages can be told, which a lock older than version 2.1 does not let.
    """

    state: LockState
    reason: str = ""
    is_readable: bool = False
    is_merging: bool = False


class StageLocker(Locker):
    """Poetry's locker, for a lock that also says what it was solved for, in `[metadata.fti]`."""

    def __init__(
        self, lock: Path, pyproject_data: dict[str, Any], conditions: Mapping[str, Any]
    ) -> None:
        """Expect a lock of a derived project, solved under these conditions (none: universal)."""
        super().__init__(lock, pyproject_data)
        self.pyproject_data = pyproject_data
        self.conditions = conditions
        self._packages: dict[Package, TransitivePackageInfo] | None = None

    @property
    def content_hash(self) -> str:
        """The digest of what the derived project asks for, as Poetry computes it."""
        return content_hash(self) or self._written_content_hash

    @cached_property
    def _written_content_hash(self) -> str:
        return written_content_hash(self.pyproject_data)

    def is_fresh(self) -> bool:
        """Tell whether the lock belongs to the derived project and to the stage's targets."""
        metadata = self.lock_data["metadata"]
        if metadata.get("fti", {}) != self.conditions:
            return False
        # Poetry parses the file once more, for locks of its former versions.
        return self.content_hash == metadata["content-hash"] or super().is_fresh()

    def pinned_packages(self) -> Iterator[Package]:
        """Yield the packages as the solver prefers them: of an index's it asks the requirements."""
        if not has_locked_package():
            yield from self.locked_repository().packages
            return
        for info in self.lock_data["package"]:
            direct = info.get("source", {}).get("type", "legacy") != "legacy"
            yield locked_package(self, info, with_dependencies=direct)

    def locked_packages(self) -> dict[Package, TransitivePackageInfo]:
        """Return what the lock holds; it is parsed once."""
        if self._packages is None:
            self._packages = super().locked_packages()
        return self._packages


def lock_status(locker: StageLocker) -> LockStatus:
    """Tell whether a stage's lock exists, can be read, and belongs to the derived project."""
    if not locker.is_locked():
        return LockStatus("missing")
    reason = _unreadable(locker)
    if reason:
        return LockStatus("broken", reason, is_merging=reason == _MERGING)
    readable = locker.is_locked_groups_and_markers()
    return LockStatus("fresh" if readable and locker.is_fresh() else "stale", is_readable=readable)


def quick_status(locker: StageLocker) -> LockStatus:
    """Tell the same for who only locks: what the strings of a whole lock say is not read."""
    try:
        seen = summarize(locker.lock.read_bytes().decode())
    except (OSError, UnicodeDecodeError):
        return lock_status(locker)
    # Locks of its former versions, and its former content hashes, Poetry knows.
    if seen is None or seen.lock_version != lock_version():
        return lock_status(locker)
    fresh = seen.content_hash == locker.content_hash and seen.targets == locker.conditions
    return LockStatus("fresh" if fresh else "stale", is_readable=True)


def _unreadable(locker: Locker) -> str:
    try:
        _read_through(locker)
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    except RuntimeError as error:
        merging = has_merge_markers(locker.lock.read_text(encoding="utf-8"))
        return _MERGING if merging else _in_one_line(error)
    except Exception as error:  # noqa: BLE001 - damaged text makes Poetry raise nearly anything
        first = str(error).partition("\n")[0]
        return f"a part of it is missing or wrong ({type(error).__name__}: {first})"
    return ""


def _read_through(locker: Locker) -> None:
    """Read all that Poetry will read without asking, so that a damaged lock is found here."""
    locker.lock_data["metadata"]["content-hash"].strip()
    readable = locker.is_locked_groups_and_markers()
    for package in locker.locked_packages() if readable else locker.locked_repository().packages:
        for file in package.files:
            file["file"].strip(), file["hash"].strip()
    for info in locker.lock_data["package"]:
        for _, table in dependency_tables(info):
            parse_constraint(table.get("version", "*"))
            parsed_marker(table.get("markers", ""))


def dependency_tables(info: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and constraint of what a locked package depends on, each as a table."""
    for name, constraints in info.get("dependencies", {}).items():
        for constraint in constraints if isinstance(constraints, list) else [constraints]:
            yield name, constraint if isinstance(constraint, dict) else {"version": constraint}


def _in_one_line(error: RuntimeError) -> str:
    # Poetry's second sentence names `poetry lock`, which would lock the project instead.
    first = str(error).partition("\n")[0].rstrip(".")
    invalid = re.fullmatch(r"Unable to read the lock file \((.*)\)", first)
    return f"it is not valid TOML: {invalid[1]}" if invalid else first[0].lower() + first[1:]
