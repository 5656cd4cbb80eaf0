"""Hiding the groups of isolated stages from Poetry's own commands and from its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from poetry.core.packages.dependency_group import DependencyGroup
from poetry.packages.locker import Locker

from poetry_fti.bridge.project.pyproject import project_extras, read_pyproject
from poetry_fti.config.hidden_groups import hidden_groups, without_groups
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName
    from poetry.poetry import Poetry


class IsolatedLocker(Locker):
    """Poetry's locker for a project with hidden groups, which its content hash leaves out.

    Poetry without the plugin therefore reports the lock as stale, and does not install a stage's
    group as if it were empty.
    """

    def __init__(
        self,
        lock: Path,
        pyproject_data: Mapping[str, Any],
        hidden: Mapping[NormalizedName, tuple[str, ...]],
    ) -> None:
        """Manage the lock without the groups in `hidden`, which maps them to their stages."""
        self.hidden = hidden
        super().__init__(lock, without_groups(pyproject_data, hidden))

    def set_pyproject_data(self, pyproject_data: dict[str, Any]) -> None:
        """Set the data that `add` and `remove` are about to write, which has all groups."""
        super().set_pyproject_data(without_groups(pyproject_data, self.hidden))

    def is_fresh(self) -> bool:
        """Return whether the lock matches the visible groups and has no hidden ones.

        Poetry before 2.3 did not include PEP 735's groups in the hash, so a lock with the stages'
        packages may have the same hash.
        """
        return super().is_fresh() and not any(
            canonicalize_name(group) in self.hidden
            for package in self.lock_data["package"]
            for group in package.get("groups", ())
        )


def isolate(poetry: Poetry) -> None:
    """Hide the groups of isolated stages from a Poetry object.

    Raises RuntimeError for an invalid pyproject.toml, as Poetry itself does: its commands that
    do not need the project catch it.
    """
    try:
        pyproject = read_pyproject(poetry.pyproject_path)
        hidden = hidden_groups(pyproject, project_extras(pyproject))
    except FtiError as error:
        raise RuntimeError(str(error).replace("<", "\\<")) from error
    if not hidden:
        return
    for name in hidden:
        if poetry.package.has_dependency_group(name):
            _empty(poetry.package.dependency_group(name))
    poetry.set_locker(IsolatedLocker(poetry.locker.lock, pyproject, hidden))


def _empty(group: DependencyGroup) -> None:
    # The group is not removed, because `poetry remove` looks up each group by name; it must remain
    # the same object, because other groups may include it.
    DependencyGroup.__init__(group, group.pretty_name, optional=group.is_optional())


def is_lock_fresh(lock: Path, pyproject: Mapping[str, Any]) -> bool:
    """Return whether Poetry's own lock matches the groups in `pyproject` that are not hidden.

    A lock that is missing or that Poetry cannot read is not fresh.
    """
    locker = IsolatedLocker(lock, pyproject, hidden_groups(pyproject, project_extras(pyproject)))
    try:
        return locker.is_locked() and locker.is_fresh()
    except RuntimeError:
        return False
