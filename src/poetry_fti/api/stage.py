"""A stage and its locked packages, as the public API presents them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from poetry_fti.errors import AmbiguousPackageError
from poetry_fti.model.lock import LockedPackage
from poetry_fti.operations.export import render_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from poetry_fti.model.platforms import Platform
    from poetry_fti.model.stage import Kind
    from poetry_fti.operations import project as operations
    from poetry_fti.operations.project import LockState
    from poetry_fti.operations.stage import ProjectStage


class Stage:
    """A stage of a project, as of the last time that the project was loaded or changed."""

    def __init__(self, name: str, project: Callable[[], operations.Project]) -> None:
        """Name a stage of the project that `project` returns; use `Project.stage`."""
        self.name = name
        self._project = project

    @property
    def kind(self) -> Kind:
        """The kind of pipeline: "feature", "training" or "inference"."""
        return self._stage.stage.kind

    @property
    def python(self) -> str:
        """The allowed versions of Python as PEP 440 specifiers; an empty string for any version."""
        return self._stage.python

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """The platforms that the stage is locked for; an empty tuple for all platforms."""
        return self._stage.stage.targets.platforms

    @property
    def lock_state(self) -> LockState:
        """The state of its lock: "fresh", "stale", "missing" or "broken"."""
        return self._project().status(self._stage).state

    @property
    def packages(self) -> LockedPackages:
        """The locked packages by name; raises StaleLockError or FtiError unless it is fresh."""
        return LockedPackages(self._project().locked(self._stage).packages)

    def export(self, format_name: str) -> Mapping[str, str]:
        """Return the text of each file of a format by its file name, without writing files.

        Raises ConfigError for an unknown format or one that describes the whole project,
        StaleLockError for a missing or stale lock, FtiError if the format cannot express the stage.
        """
        return render_stage(self._project(), self._stage, format_name)

    @property
    def _stage(self) -> ProjectStage:
        (found,) = self._project().select([self.name])
        return found


class LockedPackages(Mapping[str, LockedPackage]):
    """The packages of a lock by name; names are normalized, so that any spelling is found.

    A lock may contain several versions of a package, each with its marker: see `all`.
    """

    def __init__(self, packages: Iterable[LockedPackage]) -> None:
        """Index packages by their names."""
        self._by_name: dict[str, tuple[LockedPackage, ...]] = {}
        for package in packages:
            known = self._by_name.get(package.name, ())
            self._by_name[package.name] = (*known, package)

    def __getitem__(self, name: str) -> LockedPackage:
        """Return the only version of a package.

        Raises KeyError if it is not locked, AmbiguousPackageError if several versions are.
        """
        found = self._by_name[canonicalize_name(name)]
        if len(found) > 1:
            versions = " and ".join(str(package.version) for package in found)
            message = f"{name} is locked in several versions ({versions}): use packages.all()."
            raise AmbiguousPackageError(message)
        return found[0]

    def __iter__(self) -> Iterator[str]:
        """Yield the normalized names in alphabetical order."""
        return iter(sorted(self._by_name))

    def __len__(self) -> int:
        """Return the number of different names."""
        return len(self._by_name)

    def all(self, name: str) -> tuple[LockedPackage, ...]:
        """Return all locked versions of a package, ascending; an empty tuple if it has none."""
        return self._by_name.get(canonicalize_name(name), ())
