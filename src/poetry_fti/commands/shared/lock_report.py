"""What commands that lock say of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from poetry_fti.commands.shared.comparison_report import (
    change_data,
    change_lines,
    comparison_data,
    comparison_lines,
)
from poetry_fti.commands.shared.console import counted, error, escape, plain
from poetry_fti.commands.shared.options import wants_json
from poetry_fti.errors import DONE, FtiError
from poetry_fti.model import USUAL_PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poetry.console.commands.command import Command

    from poetry_fti.model import LockedStage
    from poetry_fti.operations.lock import Locked, Result
    from poetry_fti.operations.project import Project


def report_locking(
    command: Command, project: Project, results: Mapping[str, Result], *, dry_run: bool = False
) -> int:
    """Say what became of each stage, and where the stages differ; return the exit code."""
    for name, result in results.items():
        if isinstance(result, FtiError):
            error(command.io, f"{name}: {result}")
        else:
            for warning in result.warnings:
                command.line_error(f"<warning>Warning: {escape(warning)}</warning>")
    moved = any(
        not isinstance(result, FtiError) and not result.fresh for result in results.values()
    )
    if wants_json(command):
        plain(command.io, _json(results, () if dry_run else project.comparable()))
    else:
        for line in _lines(results, verbose=command.io.is_verbose()):
            command.line(line)
        for line in comparison_lines(project) if moved and not dry_run else ():
            command.line(line)
        if dry_run:
            command.line("Nothing is written in a dry run.")
        for line in _hints(results):
            command.line(line)
    failures = [each for each in results.values() if isinstance(each, FtiError)]
    return max((failure.exit_code for failure in failures), default=DONE)


def _lines(results: Mapping[str, Result], *, verbose: bool) -> Iterator[str]:
    for name, result in results.items():
        if isinstance(result, FtiError):
            continue
        count = counted(result.packages, "package")
        if result.fresh:
            yield f"<c1>{escape(name)}</c1>: fresh, {count}"
            continue
        took = f"{result.seconds:.1f} s"
        yield f"<c1>{escape(name)}</c1>: locked {count} in {took}{_summary(result)}"
        if not result.first or verbose:
            yield from change_lines(result.changes)


def _hints(results: Mapping[str, Result]) -> Iterator[str]:
    """Say once what platforms would save, for the stage that they would save most."""
    slow = {
        name: result.saving
        for name, result in results.items()
        if not isinstance(result, FtiError) and result.saving is not None
    }
    if slow:
        name, saving = max(slow.items(), key=lambda item: item[1].seconds[0])
        (before, after), (all_packages, packages) = saving.seconds, saving.packages
        usual = ", ".join(f'"{platform}"' for platform in USUAL_PLATFORMS)
        yield ""
        yield (
            f"{escape(name)} was solved for every platform. With"
            f" <comment>platforms = [{usual}]</comment> in tool.fti.stages.{escape(name)} it takes"
            f" {after:.1f} s instead of {before:.1f} s, and"
            f" {packages} packages instead of {all_packages}."
        )


def _summary(result: Locked) -> str:
    if result.first:
        return ""
    added = sum(not change.before for change in result.changes)
    removed = sum(not change.after for change in result.changes)
    updated = len(result.changes) - added - removed
    if not result.changes:
        return ", no version changed"
    return f": {added} added, {removed} removed, {updated} updated"


def _json(results: Mapping[str, Result], stages: tuple[LockedStage, ...]) -> str:
    data = {
        "stages": {name: _result_data(result) for name, result in results.items()},
        "comparison": comparison_data(stages),
    }
    return json.dumps(data, indent=2) + "\n"


def _result_data(result: Result) -> dict[str, Any]:
    if isinstance(result, FtiError):
        return {"result": "failed", "error": str(result)}
    return {
        "result": "fresh" if result.fresh else "locked",
        "packages": result.packages,
        "seconds": round(result.seconds, 3),
        "changes": [change_data(change) for change in result.changes],
    }
