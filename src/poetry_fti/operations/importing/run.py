"""Carries out an import: writes pyproject.toml and locks the stage, or changes no file."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.version import Version

from poetry_fti import files
from poetry_fti.bridge.markers import Narrowing, parsed_marker
from poetry_fti.errors import ChangedFileError, FtiError
from poetry_fti.operations.importing.plan import with_requirements
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from poetry_fti.operations.new_stages import write_pyproject
from poetry_fti.operations.project import load_project
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from poetry_fti.bridge.poetry_project import CreatePoetry
    from poetry_fti.model.imported import ImportedRequirement
    from poetry_fti.operations.feedback import Feedback
    from poetry_fti.operations.importing.plan import ImportPlan
    from poetry_fti.operations.locking.lock import LockResult
    from poetry_fti.operations.project import Project


@dataclass(frozen=True, slots=True)
class ImportedLock:
    """What an import has done: its plan, and the results of locking the stage and those tied to it.

    `added` are the names of transitive packages that became requirements, since the imported files
    do not record for which extras they are needed; `missing` of those with which the stage could
    not be locked.
    """

    plan: ImportPlan
    project: Project
    results: Mapping[str, LockResult]
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

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

    Transitive packages of the imported files that the lock lacks become requirements, unless the
    stage cannot be locked with them. `create` loads the project with Poetry after pyproject.toml
    was written.
    """
    root = folder.resolve()
    done = _write_and_lock(root, plan, create, feedback)
    missing = _missing(plan, done.project) if done.is_done else []
    if not missing:
        return done
    names = tuple(dict.fromkeys(each.name for each in missing))
    # The stage is locked from its state before the import, so that the results are those of both.
    _undo(root, plan, done.project)
    with suppress(FtiError):
        again = _write_and_lock(root, with_requirements(plan, missing, root), create, feedback)
        if again.is_done:
            lacked = {each.name for each in _missing(plan, again.project)}
            return replace(again, added=tuple(name for name in names if name not in lacked))
    return replace(_write_and_lock(root, plan, create, feedback), missing=names)


def _missing(plan: ImportPlan, project: Project) -> list[ImportedRequirement]:
    """Return the transitive requirements that apply to the stage and whose packages it lacks."""
    (stage,) = project.select([plan.stage])
    narrow = Narrowing(stage.stage.targets, stage.derived.package().python_constraint, extras=False)
    present = {*stage.versions, *stage.stage.exclude}
    return [
        each
        for each in plan.imported.indirect
        if each.normalized not in present and _applies(each.marker, narrow)
    ]


def _applies(marker: str, narrow: Narrowing) -> bool:
    try:
        return not narrow(parsed_marker(marker)).is_empty()
    except (ValueError, RecursionError):  # Poetry does not accept all markers that packaging does
        return False


def _write_and_lock(
    root: Path, plan: ImportPlan, create: CreatePoetry, feedback: Feedback
) -> ImportedLock:
    write_import(root, plan)
    is_done = False
    project = None
    try:
        project = load_project(root, create)
        stages = project.select([plan.stage])
        request = LockRequest(stages=frozenset({plan.stage}), imported=plan.imported.versions)
        done = ImportedLock(plan, project, lock_stages(project, stages, request, feedback))
        is_done = done.is_done
    finally:
        if not is_done:
            _undo(root, plan, project)
    return done


def _undo(root: Path, plan: ImportPlan, project: Project | None) -> None:
    """Restore the locks and the pyproject.toml from before an import."""
    for stage in () if project is None else project.stages:
        stage.undo()
    _restore(root, plan)


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
    for name, version in plan.imported.versions:
        wanted.setdefault(name, []).append(version)
    return [
        (name, joined(wanted[name], "or"), joined(map(str, versions[name])))
        for name in sorted(wanted)
        if name in versions and set(map(str, versions[name])).isdisjoint(_normalized(wanted[name]))
    ]


def _normalized(versions: Sequence[str]) -> set[str]:
    return {str(Version(version)) for version in versions}
