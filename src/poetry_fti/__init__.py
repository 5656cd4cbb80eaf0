"""A Poetry plugin: one project, one lock and one set of runtime files for each pipeline stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poetry_fti.api import (
        SILENT,
        AffectedReport,
        AmbiguousPackageError,
        Change,
        CheckReport,
        ConfigError,
        Crossing,
        Difference,
        Differences,
        DirectoryOrigin,
        Entry,
        Feedback,
        FileOrigin,
        Finding,
        FtiError,
        GitOrigin,
        History,
        IndexFailedError,
        IndexOrigin,
        LockedFile,
        LockedPackage,
        LockedPackages,
        LockedVersion,
        LockResult,
        LockSize,
        Phase,
        Project,
        Reason,
        Requirement,
        RequirementChange,
        Stage,
        StageChanges,
        StageHistory,
        StagePair,
        StageState,
        StaleLockError,
        UnsolvableError,
        UrlOrigin,
        Waived,
        Waiver,
        Written,
    )

__all__ = [
    "SILENT",
    "AffectedReport",
    "AmbiguousPackageError",
    "Change",
    "CheckReport",
    "ConfigError",
    "Crossing",
    "Difference",
    "Differences",
    "DirectoryOrigin",
    "Entry",
    "Feedback",
    "FileOrigin",
    "Finding",
    "FtiError",
    "GitOrigin",
    "History",
    "IndexFailedError",
    "IndexOrigin",
    "LockResult",
    "LockSize",
    "LockedFile",
    "LockedPackage",
    "LockedPackages",
    "LockedVersion",
    "Phase",
    "Project",
    "Reason",
    "Requirement",
    "RequirementChange",
    "Stage",
    "StageChanges",
    "StageHistory",
    "StagePair",
    "StageState",
    "StaleLockError",
    "UnsolvableError",
    "UrlOrigin",
    "Waived",
    "Waiver",
    "Written",
]


def __getattr__(name: str) -> object:
    """Return a name of the public API, which is imported on first use (PEP 562).

    Poetry imports this package with each of its commands.
    """
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from poetry_fti import api  # noqa: PLC0415

    return getattr(api, name)
