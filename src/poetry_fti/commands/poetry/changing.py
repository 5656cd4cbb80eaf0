"""Locks and installs a stage after its dependencies have been edited."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from poetry_fti import files
from poetry_fti.commands.poetry.install import install
from poetry_fti.commands.poetry.stage_runner import StageRunner
from poetry_fti.commands.shared.console import escape, feedback_of
from poetry_fti.commands.shared.lock_report import report_locking
from poetry_fti.errors import DONE
from poetry_fti.operations.locking.lock import LockRequest, lock_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packaging.utils import NormalizedName
    from poetry.console.commands.command import Command

    from poetry_fti.operations.project import Project


def follow(
    command: Command, runner: StageRunner, group: NormalizedName, pyproject: dict[str, Any]
) -> int:
    """Lock a stage for an edited pyproject.toml, and install it if it has an environment.

    Returns the exit code; unless it is 0, the locks are restored. With `--dry-run` no file is
    written, with `--lock` no package is installed.
    """
    project = runner.project.edited(pyproject)
    (stage,) = project.select([runner.stage.name])
    dry_run: bool = command.option("dry-run")
    before = set(runner.stage.versions)
    with _restoring_locks(project) as keep:
        request = LockRequest(stages=frozenset({stage.name}), dry_run=dry_run)
        results = lock_stages(project, [stage], request, feedback_of(command))
        code = report_locking(command, project, results, dry_run=dry_run)
        if code == DONE and not (dry_run or command.option("lock")):
            code = _install(StageRunner(command, project, stage), before.difference(stage.versions))
        if code == DONE:
            keep()
        else:
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


@contextmanager
def _restoring_locks(project: Project) -> Iterator[Callable[[], None]]:
    """Restore all locks when the context ends, unless the yielded function has been called."""
    before = {stage.path: files.read(stage.path) for stage in project.stages}
    kept: list[bool] = []
    try:
        yield lambda: kept.append(True)
    finally:
        if not kept:
            files.replace({path: text for path, text in before.items() if text is not None})
            files.remove(path for path, text in before.items() if text is None and path.exists())
