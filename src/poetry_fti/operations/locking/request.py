"""The input and the results of locking."""

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
    from poetry_fti.agreement.held_back import HeldBack
    from poetry_fti.agreement.reasons import Explanation
    from poetry_fti.bridge.solving.variants.saving import Saving
    from poetry_fti.errors import FtiError
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """How to lock stages.

    `stages` are the names of the requested stages; those that rules tie to them keep their pins
    where possible. `latest` are the packages to update: None to lock without updating, an empty set
    to update all packages. A dry run writes no file. Without `builds` no package's build is run.
    `imported` are pairs of a package and a version that the stages try first if their locks do not
    contain the package.
    """

    stages: frozenset[str]
    regenerate: bool = False
    aligned: bool = True
    latest: frozenset[NormalizedName] | None = None
    dry_run: bool = False
    builds: bool = True
    imported: tuple[tuple[NormalizedName, str], ...] = ()

    @classmethod
    def for_update(
        cls,
        project: Project,
        packages: Iterable[str],
        stages: Iterable[str],
        *,
        dry_run: bool = False,
    ) -> LockRequest:
        """Return the request to update packages in stages; no names stand for all of them.

        Raises ConfigError for an unknown stage, and for a package that no lock contains.
        """
        chosen = tuple(stages)
        selected = project.select(chosen)
        names = frozenset(map(canonicalize_name, packages))
        known = {package for stage in selected for package in stage.versions}
        if unknown := sorted(names - known):
            from poetry_fti.config.import_names import package_suggestion  # noqa: PLC0415 - slow

            # Without chosen stages, the word may be a misspelt stage.
            meant = known if chosen else known.union(stage.name for stage in selected)
            listed = ", ".join(stage.name for stage in selected)
            raise ConfigError(
                f'No lock contains the package "{unknown[0]}"'
                f"{package_suggestion(unknown[0], meant)} (stages: {listed})."
            )
        return cls(
            stages=frozenset(stage.name for stage in selected), latest=names, dry_run=dry_run
        )

    def ignores(self, stage: str) -> bool:
        """Return whether a stage is solved without the versions in its previous lock."""
        is_regenerated = self.regenerate or self.latest == frozenset()
        return is_regenerated and stage in self.stages


@dataclass(frozen=True, slots=True, kw_only=True)
class LockResult:
    """The result of locking a stage, or the `error` that prevented it.

    `packages` is the number of locked packages; `is_fresh` is true if the lock did not have to
    change, `is_first` if the stage had no readable lock before; `seconds` is the solving time.
    `saving` is what `platforms` would save, None unless the stage was slow without them. See
    `Solved` for `notes`, `held_back`, `added` and `unfinished`. `explanations` are those of
    differences from other stages that solving has found.
    """

    packages: int = 0
    is_fresh: bool = False
    is_first: bool = False
    changes: tuple[Change, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    saving: Saving | None = None
    held_back: tuple[HeldBack, ...] = ()
    added: tuple[NormalizedName, ...] = ()
    unfinished: tuple[NormalizedName, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    error: FtiError | None = None


def count(versions: Mapping[NormalizedName, Collection[Version]]) -> int:
    """Return the number of packages in a lock; two versions of a package count twice."""
    return sum(map(len, versions.values()))
