"""What is asked of locking, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from poetry_fti.agreement.comparison import Change
    from poetry_fti.bridge.solving.outcome import Saving
    from poetry_fti.errors import FtiError
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """How stages are to be locked.

    `stages` are the names of those that were asked for; others that rules tie to them keep their
    pins if they can. `latest` are packages whose pins are not kept: None for none of them, an
    empty set for all of them. A dry run writes no file.
    """

    stages: frozenset[str]
    regenerate: bool = False
    aligned: bool = True
    latest: frozenset[NormalizedName] | None = None
    dry_run: bool = False

    @classmethod
    def for_update(
        cls,
        project: Project,
        packages: Iterable[str],
        stages: Iterable[str],
        *,
        dry_run: bool = False,
    ) -> LockRequest:
        """Return the request to update packages (all of them if there is no name) in stages.

        Raises ConfigError for an unknown stage, and for a package that no lock contains.
        """
        selected = project.select(stages)
        names = frozenset(map(canonicalize_name, packages))
        for package in sorted(names):
            if not any(package in stage.versions for stage in selected):
                listed = ", ".join(stage.name for stage in selected)
                raise ConfigError(f'No lock has the package "{package}" (stages: {listed}).')
        return cls(
            stages=frozenset(stage.name for stage in selected), latest=names, dry_run=dry_run
        )

    def ignores(self, stage: str) -> bool:
        """Return whether none of the versions in a stage's old lock are kept."""
        anew = self.regenerate or self.latest == frozenset()
        return anew and stage in self.stages


@dataclass(frozen=True, slots=True, kw_only=True)
class LockResult:
    """The result of locking a stage, or the `error` that prevented it.

    `packages` is the number of locked packages; `is_fresh` is true for a lock that was left
    alone, `is_first` for a stage that had no readable lock before; `seconds` is the time spent.
    """

    packages: int = 0
    is_fresh: bool = False
    is_first: bool = False
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    saving: Saving | None = None
    error: FtiError | None = None


def count(versions: Mapping[NormalizedName, Collection[Version]]) -> int:
    """Return the number of packages in a lock; two versions of a package count twice."""
    return sum(map(len, versions.values()))
