"""Edits the dependencies of stages, then locks and installs these: all of them, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from poetry_fti import files
from poetry_fti.bridge.project.pyproject import parse_pyproject
from poetry_fti.commands.poetry.edit.editing import edited_text
from poetry_fti.commands.poetry.install import install
from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import escape, feedback_of
from poetry_fti.commands.shared.reports.lock import report_locking
from poetry_fti.errors import DONE
from poetry_fti.operations.edit.groups import written_name
from poetry_fti.operations.locking.lock import LockRequest, lock_stages
from poetry_fti.wording import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packaging.utils import NormalizedName
    from poetry.console.commands.command import Command
    from poetry.console.commands.installer_command import InstallerCommand

    from poetry_fti.operations.project import Project
    from poetry_fti.operations.stage import ProjectStage


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """A dependency group to edit for a stage."""

    runner: StageRunner
    group: NormalizedName


def change(
    command: Command,
    edits: Sequence[GroupEdit],
    inner: Callable[[ProjectStage], InstallerCommand],
) -> int:
    """Edit groups with Poetry's `add` or `remove`, lock their stages, and install these.

    `inner` returns Poetry's command for a stage. Other stages that include an edited group are
    locked, too. The stages that are named are installed if they have an environment. Returns the
    exit code; unless it is 0, pyproject.toml and the locks are unchanged. With `--dry-run` no file
    is written, with `--lock` no package is installed.
    """
    before = edits[0].runner.project
    text = before.text
    for group, runner in _once(edits).items():
        name = written_name(before.pyproject, group)
        code, text = edited_text(inner(runner.stage), runner, text, name)
        if code != DONE:
            return code
    if text == before.text:
        return DONE
    project = before.edited(parse_pyproject(text))
    is_applied = False
    try:
        code = _lock_and_install(command, project, edits)
        if code == DONE and not command.option("dry-run"):
            path = before.root / "pyproject.toml"
            files.replace({path: text}, before.root, before={path: before.text})
        is_applied = code == DONE
    finally:
        for stage in () if is_applied else project.stages:
            stage.undo()
    return code


def _once(edits: Sequence[GroupEdit]) -> dict[NormalizedName, StageRunner]:
    """Return each group with the first stage for which it is edited."""
    runners: dict[NormalizedName, StageRunner] = {}
    for edit in edits:
        runners.setdefault(edit.group, edit.runner)
    return runners


def affected_stages(project: Project, edits: Sequence[GroupEdit]) -> list[ProjectStage]:
    """Return the stages that edits name, and those that include an edited group."""
    names = {edit.runner.stage.name for edit in edits}
    groups = {edit.group for edit in edits}
    return [
        stage
        for stage in project.stages
        if stage.name in names or not groups.isdisjoint(stage.stage.locked_groups)
    ]


def _lock_and_install(command: Command, project: Project, edits: Sequence[GroupEdit]) -> int:
    stages = affected_stages(project, edits)
    names = {edit.runner.stage.name for edit in edits}
    dry_run: bool = command.option("dry-run")
    before = {stage.name: set(stage.versions) for stage in stages}
    request = LockRequest(stages=frozenset(before), dry_run=dry_run)
    results = lock_stages(project, stages, request, feedback_of(command))
    code = report_locking(command, project, results, dry_run=dry_run)
    if code == DONE and not (dry_run or command.option("lock")):
        runners = [StageRunner(command, project, stage) for stage in stages if stage.name in names]
        gone = {r.stage.name: before[r.stage.name].difference(r.stage.versions) for r in runners}
        code = _install(command, runners, gone)
    if code != DONE:
        command.line_error("\nNo changes were applied.")
        return code
    for stage in stages:
        if stage.name not in names and not dry_run:
            shared = joined(sorted({e.group for e in edits} & set(stage.stage.locked_groups)))
            command.line(f"{escape(stage.name)} includes the group {shared}: it was locked, too.")
    return DONE


def _install(
    command: Command, runners: Sequence[StageRunner], gone: dict[str, set[NormalizedName]]
) -> int:
    done: list[str] = []
    for runner in runners:
        name = runner.stage.name
        if runner.environments.existing() is None:
            continue
        if len(runners) > 1:
            command.line(f"Installing <c1>{escape(name)}</c1>")
        if code := install(runner, gone[name]):
            if done:
                command.line_error(
                    f"\nThe environments of {escape(joined(done))} have changed. Run `poetry fti"
                    f" install {escape(' '.join(done))} --sync` to undo it."
                )
            return code
        done.append(name)
    return DONE
