"""Edits the dependencies of a stage, then locks and installs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.commands.poetry.editing import edit
from poetry_fti.commands.poetry.install import install
from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import escape, feedback_of
from poetry_fti.commands.shared.lock_report import report_locking
from poetry_fti.errors import DONE, FAILED
from poetry_fti.operations.groups import written_name
from poetry_fti.operations.locking.lock import LockRequest, lock_stages

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from poetry.console.commands.command import Command
    from poetry.console.commands.installer_command import InstallerCommand

    from poetry_fti.operations.project import Project


def change(
    command: Command, runner: StageRunner, group: NormalizedName, inner: InstallerCommand
) -> int:
    """Edit a group with Poetry's `add` or `remove`, lock the stage, and install it.

    It is installed if it has an environment. Returns the exit code; unless it is 0, the locks are
    restored. With `--dry-run` no file is written, with `--lock` no package is installed.
    """
    edited: list[Project] = []

    def follow(pyproject: dict[str, Any]) -> int:
        edited.append(runner.project.edited(pyproject))
        return _follow(command, runner, group, edited[-1])

    code = FAILED
    try:
        code = edit(inner, runner, written_name(runner.project.pyproject, group), follow)
    finally:
        for project in edited if code != DONE else ():
            for stage in project.stages:
                stage.undo()
    return code


def _follow(command: Command, runner: StageRunner, group: NormalizedName, project: Project) -> int:
    (stage,) = project.select([runner.stage.name])
    dry_run: bool = command.option("dry-run")
    before = set(runner.stage.versions)
    request = LockRequest(stages=frozenset({stage.name}), dry_run=dry_run)
    results = lock_stages(project, [stage], request, feedback_of(command))
    code = report_locking(command, project, results, dry_run=dry_run)
    if code == DONE and not (dry_run or command.option("lock")):
        code = _install(StageRunner(command, project, stage), before.difference(stage.versions))
    if code != DONE:
        command.line_error("\nNo changes were applied.")
    for other in project.stages if code == DONE and not dry_run else ():
        if group in other.stage.locked_groups and not project.is_fresh(other):
            name = escape(other.name)
            command.line(f"{name} also includes the group {group}. Run `poetry fti lock {name}`.")
    return code


def _install(runner: StageRunner, gone: set[NormalizedName]) -> int:
    if runner.environments.existing() is None:
        return DONE
    return install(runner, gone)
