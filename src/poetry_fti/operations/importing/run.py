"""Carries out an import: writes pyproject.toml and locks the stage, or changes no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from poetry_fti import files
from poetry_fti.errors import ChangedFileError
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from poetry_fti.operations.new_stages import write_pyproject
from poetry_fti.operations.project import load_project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from poetry_fti.bridge.poetry_project import CreatePoetry
    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.importing.plan import ImportPlan
    from poetry_fti.operations.locking.lock import LockResult
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True)
class ImportedLock:
    """The project after an import, and the results of locking the stage and those tied to it."""

    project: Project
    results: Mapping[str, LockResult]

    @property
    def is_done(self) -> bool:
        """Whether every stage was locked; otherwise pyproject.toml and the locks are as before."""
        return not any(result.error for result in self.results.values())


def write_import(folder: Path, plan: ImportPlan) -> None:
    """Write the pyproject.toml of a plan.

    Raises OSError, and ChangedFileError if the file is not the one that the plan is based on.
    """
    write_pyproject(plan.text, folder.resolve(), plan.before)


def import_and_lock(
    folder: Path, plan: ImportPlan, create: CreatePoetry, feedback: Feedback
) -> ImportedLock:
    """Write the pyproject.toml of a plan and lock its stage; if that fails, restore both.

    `create` loads the project with Poetry after pyproject.toml was written.
    """
    root = folder.resolve()
    write_import(root, plan)
    is_done = False
    project = None
    try:
        project = load_project(root, create)
        stages = project.select([plan.stage])
        request = LockRequest(stages=frozenset({plan.stage}), imported=plan.versions)
        done = ImportedLock(project, lock_stages(project, stages, request, feedback))
        is_done = done.is_done
    finally:
        if not is_done:
            for stage in () if project is None else project.stages:
                stage.undo()
            _restore(root, plan)
    return done


def _restore(root: Path, plan: ImportPlan) -> None:
    path = root / "pyproject.toml"
    if files.lf_only(files.read(path) or "") != files.lf_only(plan.text):
        raise ChangedFileError(path.name)
    if plan.before is None:
        files.remove([path])
    else:
        files.replace({path: plan.before}, root, before={path: plan.text})


def other_versions(
    plan: ImportPlan, versions: Mapping[NormalizedName, Sequence[Version]]
) -> list[tuple[NormalizedName, str, str]]:
    """Return the packages whose imported versions the lock does not have: name, old, locked."""
    wanted: dict[NormalizedName, list[str]] = {}
    for name, version in plan.versions:
        wanted.setdefault(name, []).append(version)
    return [
        (name, ", ".join(wanted[name]), ", ".join(map(str, versions[name])))
        for name in sorted(wanted)
        if name in versions and set(map(str, versions[name])).isdisjoint(_normalized(wanted[name]))
    ]


def unneeded(
    plan: ImportPlan, versions: Mapping[NormalizedName, Sequence[Version]]
) -> list[NormalizedName]:
    """Return the packages that only others require, as imported files record it, and no lock has.

    This happens if a package was installed for an extra of another one, which files do not record.
    """
    return [name for name in plan.indirect if name not in versions]


def _normalized(versions: Sequence[str]) -> set[str]:
    return {str(Version(version)) for version in versions}
