"""Builds locked stages, the input of exporters and comparisons, from stages with fresh locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.bridge.build_constraints import with_build_constraints_of
from poetry_fti.bridge.lock.locked import lock_digest
from poetry_fti.bridge.project.pyproject import project_name
from poetry_fti.bridge.project.toml import pyproject_text
from poetry_fti.errors import FtiError
from poetry_fti.model.lock import LockedStage
from poetry_fti.model.origins import IndexOrigin
from poetry_fti.operations.images.context import path_in_context
from poetry_fti.wording import in_quotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from poetry_fti.bridge.poetry_project import PoetryProject
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.operations.stage import ProjectStage


def locked_stage(
    stage: ProjectStage, poetry: PoetryProject, pyproject: Mapping[str, Any]
) -> LockedStage:
    """Return a stage with all data for an export, read from a fresh lock.

    Raises FtiError if a locked package cannot be installed on one of the stage's targets, or comes
    from an index that the project does not have; ConfigError if a constraint of its build cannot be
    exported.
    """
    packages = stage.lock.packages
    indexes = _used_indexes(stage, poetry.indexes())
    names = {package.name for package in packages}
    return LockedStage(
        stage=stage.stage,
        folder=stage.folder,
        requires_python=stage.python,
        digest=lock_digest(stage.path),
        packages=packages,
        requirements=stage.requirements,
        indexes=indexes,
        code=poetry.code(),
        build_constraints=poetry.build_constraints(names),
        pyproject=pyproject_text(with_build_constraints_of(stage.derived.data, names)),
        project=project_name(pyproject),
        in_context=path_in_context(poetry.root, stage.stage),
    )


def _used_indexes(stage: ProjectStage, known: Sequence[IndexOrigin]) -> tuple[IndexOrigin, ...]:
    used: dict[str | None, LockedPackage] = {}
    for package in stage.lock.packages:
        if isinstance(package.origin, IndexOrigin):
            used.setdefault(package.origin.name, package)
    for name in used.keys() - {index.name for index in known}:
        raise FtiError(
            f"{used[name].name} {used[name].version} is locked from"
            f" {f'the package source {in_quotes(name)}' if name else 'the default index'}, which"
            f" pyproject.toml does not have. Add the source, or lock the stage again with"
            f" `poetry fti lock {stage.name} --regenerate`."
        )
    return tuple(index for index in known if index.name in used)


def compared_stage(stage: ProjectStage, packages: tuple[LockedPackage, ...]) -> LockedStage:
    """Return a stage with the data for a comparison only, and these packages."""
    return LockedStage(
        stage=stage.stage,
        folder=stage.folder,
        requires_python=stage.python,
        digest="",
        packages=packages,
        requirements=stage.requirements,
    )
