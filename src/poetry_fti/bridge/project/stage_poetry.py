"""The Poetry object that Poetry's own commands use for a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry.core.packages.dependency_group import MAIN_GROUP
from poetry.poetry import Poetry

if TYPE_CHECKING:
    from poetry.core.packages.project_package import ProjectPackage
    from poetry.packages.locker import Locker


def stage_poetry(project: Poetry, derived: ProjectPackage, locker: Locker) -> Poetry:
    """Return the project with the groups, the Python and the lock of a stage.

    The project's name, version and scripts are kept, so that it can be installed as usual.
    """
    package = project.package.with_dependency_groups([MAIN_GROUP], only=True)
    for name in derived.dependency_group_names(include_optional=True) - {MAIN_GROUP}:
        package.add_dependency_group(derived.dependency_group(name))
    package.python_versions = derived.python_versions
    stage = Poetry(
        project.pyproject_path,
        project.local_config,
        package,
        locker,
        project.config,
        project.disable_cache,
        build_constraints=project.build_constraints,
    )
    return stage.set_pool(project.pool)
