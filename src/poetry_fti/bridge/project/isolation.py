"""Poetry without the stages: groups that it does not see, and a lock that does not know them."""

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
    """Poetry's locker for the project without hidden groups: its content hash leaves them out.

    Who has no plugin is told so by Poetry that the lock is stale, and installs no empty stage.
    """

    def __init__(
        self,
        lock: Path,
        pyproject_data: Mapping[str, Any],
        hidden: Mapping[NormalizedName, tuple[str, ...]],
    ) -> None:
        """Leave these groups out, each with the names of its stages."""
        self.hidden = hidden
        super().__init__(lock, without_groups(pyproject_data, hidden))

    def set_pyproject_data(self, pyproject_data: dict[str, Any]) -> None:
        """Take what `add` and `remove` are about to write: the whole file."""
        super().set_pyproject_data(without_groups(pyproject_data, self.hidden))

    def is_fresh(self) -> bool:
        """Tell whether the lock belongs to what is not hidden.

        The hash of Poetry before 2.3 knew nothing of PEP 735's groups: of the same hash, its lock
        may hold the stages.
        """
        return super().is_fresh() and not any(
            canonicalize_name(group) in self.hidden
            for package in self.lock_data["package"]
            for group in package.get("groups", ())
        )


def isolate(poetry: Poetry) -> None:
    """Hide from Poetry what `isolated` says.

    Raises RuntimeError where that cannot be told: what Poetry itself raises for an invalid
    pyproject.toml, so that commands which can do without the project go on.
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
    # It stays, for `poetry remove` asks for each group by its name; and it stays the same object,
    # for other groups may include it.
    DependencyGroup.__init__(group, group.pretty_name, optional=group.is_optional())
