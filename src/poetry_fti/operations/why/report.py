"""Why stages do not have the newest version of a package, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti.agreement.restrictions import Restriction
from poetry_fti.bridge.solving.exclusion.possibility import Remedy, VersionChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.version import Version

__all__ = ["Agreement", "Excluded", "NewestIn", "Remedy", "Restriction", "Update", "VersionChange"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A newer version that a requirement or a setting excludes from a stage.

    Attributes:
        stages: the other stages that have the version.
        remedies: what would have to change; any one of them makes the version possible.
        reason: why no change of a requirement does, if there is no remedy and that is known.
    """

    version: Version
    stages: tuple[str, ...]
    remedies: tuple[Remedy, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A command that changes a stage's lock, as a dry run of it has shown.

    Attributes:
        command: the command.
        version: the version of the package afterwards; None if the stage no longer needs it.
        changes: the changes of the stage's lock, the package itself included.
    """

    command: str
    version: Version | None
    changes: tuple[VersionChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A version that a stage could have, but for its agreement with other stages.

    Attributes:
        stages: the other stages that the stage agrees with; none if that is unknown.
        is_demanded: whether a rule of `[[tool.fti.align]]` demands the agreement.
        excluded: what excludes the version from these stages, by stage.
    """

    version: Version
    stages: tuple[str, ...]
    is_demanded: bool
    excluded: Mapping[str, Excluded]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestIn:
    """Why a stage does not have the newest version of a package.

    Attributes:
        version: the version in the lock; the lowest, if there are several.
        higher: the other versions in the lock, which it has for some targets only.
        newest: the newest release of the stage's package sources; None if they have none.
        prerelease: a newer pre-release, which no requirement of pyproject.toml allows.
        update: an update that results in a newer version.
        excluded: newer versions, of the package sources or of other stages, that no update
            results in, because a requirement or a setting excludes them.
        agreement: the newest version that is possible, if no update results in it, which is due to
            the agreement with other stages.
        message: why there are no versions to choose from; otherwise empty.
    """

    version: Version
    higher: tuple[Version, ...] = ()
    newest: Version | None = None
    prerelease: Version | None = None
    update: Update | None = None
    excluded: tuple[Excluded, ...] = ()
    agreement: Agreement | None = None
    message: str = ""
