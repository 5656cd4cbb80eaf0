"""Verifies environments: compares what is installed in them with a stage's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from poetry_fti.bridge.project.pyproject import project_name
from poetry_fti.checks import Finding
from poetry_fti.errors import FtiError
from poetry_fti.operations.verify.comparison import Expected, Where, compare
from poetry_fti.ports.installed.environment import read_installed
from poetry_fti.ports.installed.locations import find_python, virtual_environment
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.utils import NormalizedName

    from poetry_fti.model.installed import Installed
    from poetry_fti.model.lock import LockedPackage
    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


def verify_environment(
    project: Project, stage: ProjectStage, folder: Path, *, deep: bool, has_folders: bool
) -> Iterator[Finding]:
    """Yield what differs between a stage's lock and its own environment in a folder.

    With `deep`, files are compared with the hashes of their packages. Without `has_folders`, path
    dependencies need not be installed. The environment's Python is not started. Raises FtiError
    if the lock or the environment cannot be read.
    """
    name = stage.name
    where = Where(
        stage=stage.name,
        place="environment",
        name="the environment",
        update=f"Run `poetry fti install {name} --sync`",
        renew=f"Run `poetry fti env remove {name}` and `poetry fti install {name}`",
    )
    installed = read_installed(virtual_environment(folder), deep=deep)
    yield from compared(project, stage, installed, where, has_folders=has_folders)


def unverified_environment(stage: ProjectStage, error: FtiError) -> Finding:
    """Return the finding for a stage, among others, whose environment cannot be verified."""
    message, _, fix = str(error).partition(". ")
    return Finding(
        check="environment",
        level="error",
        stage=stage.name,
        message=in_one_line(message.removesuffix(".")),
        fix=in_one_line(fix.removesuffix(".") or f"Name another stage than {stage.name}: --stage"),
        path=f"tool.fti.stages.{stage.name}",
    )


def verify_python(
    project: Project, stage: ProjectStage, python: str, *, deep: bool
) -> Iterator[Finding]:
    """Yield what differs between a stage's lock and what is installed for any Python.

    `python` is the path of an interpreter or of an environment, or a command. It is only started
    if it is not in a virtual environment. Raises FtiError as `verify_environment` does.
    """
    where = Where(
        stage=stage.name,
        place="environment",
        name=python,
        update=f"Install the packages of {stage.name} there again, as they are locked",
        renew=f"Create it again with the packages of {stage.name}",
    )
    installed = read_installed(find_python(python), deep=deep)
    yield from compared(project, stage, installed, where)


def compared(
    project: Project,
    stage: ProjectStage,
    installed: Installed,
    where: Where,
    *,
    has_folders: bool = True,
) -> Iterator[Finding]:
    """Yield what differs between a stage's lock and what is installed.

    Without `has_folders`, path dependencies need not be installed. Raises FtiError if the lock
    cannot be read.
    """
    yield from _other_python(stage, installed, where)
    expected = Expected(
        packages=_packages(project, stage),
        others=stage.versions,
        own=frozenset(_own(project, stage)),
        has_folders=has_folders,
    )
    yield from compare(expected, installed, where)


def _own(project: Project, stage: ProjectStage) -> Iterator[NormalizedName]:
    yield canonicalize_name(project_name(project.pyproject))
    yield from (pin.name for pin in stage.lock.pins if pin.source_type == "directory")


def _other_python(stage: ProjectStage, installed: Installed, where: Where) -> Iterator[Finding]:
    """Yield a finding if the stage allows none of the versions that the Python may have."""
    versions = [Version(each["python_full_version"]) for each in installed.markers]
    allowed = SpecifierSet(stage.python)
    if not any(allowed.contains(each, prereleases=True) for each in versions):
        message = f"{where.name} has Python {versions[0]}, but {stage.name} requires {stage.python}"
        yield where.finding(message, fix=where.renew)


def _packages(project: Project, stage: ProjectStage) -> tuple[LockedPackage, ...]:
    """Return the packages of a lock that may be stale; raises FtiError if it cannot be read."""
    try:
        if stage.lock.text:
            return stage.lock.compared
    except Exception:  # noqa: BLE001 - Poetry raises any type for damaged text
        raise FtiError(project.problem(stage)) from None
    raise FtiError(project.problem(stage))
