"""Which stages leave Poetry without one lock for the whole project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.packages.dependency_group import MAIN_GROUP

from poetry_fti.bridge.project.pyproject import project_extras, read_pyproject
from poetry_fti.bridge.solving.conflict import conflict
from poetry_fti.config.hidden_groups import exclusive_groups
from poetry_fti.config.pyproject import read_without_checks
from poetry_fti.errors import FtiError

if TYPE_CHECKING:
    from poetry.poetry import Poetry


def conflicting_stages(poetry: Poetry, error: Exception) -> list[str]:
    """Return the names of stages and of other groups whose requirements conflict.

    `error` is how Poetry's solver failed on the whole project. The list is empty if one stage
    alone fails for the same reason, and for a project without stages.
    """
    try:
        pyproject = read_pyproject(poetry.pyproject_path)
        read = read_without_checks(pyproject, project_extras(pyproject))
    except FtiError:
        return []
    found = conflict(error, poetry.package)
    others = found.groups.keys() - exclusive_groups(read.stages, (), read.groups)
    each_alone = [{MAIN_GROUP, *stage.locked_groups} for stage in read.stages]
    if any(found.is_within(groups) for groups in (others, *each_alone)):
        return []
    names = [stage.name for stage in read.stages if found.involves(stage.closure)]
    return names + [name for name in sorted(others - {MAIN_GROUP}) if found.involves([name])]
