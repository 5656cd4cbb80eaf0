"""The results of locking, as lines of text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from poetry_fti.commands.shared.console import error, escape, plain, warning
from poetry_fti.commands.shared.options import wants_json
from poetry_fti.commands.shared.reports.comparison import (
    change_data,
    change_lines,
    comparison_data,
    comparison_lines,
)
from poetry_fti.commands.shared.reports.held_back import (
    held_back_data,
    held_back_lines,
    unfinished_lines,
)
from poetry_fti.errors import DONE, UnsolvableError
from poetry_fti.model.platforms import USUAL_PLATFORMS
from poetry_fti.operations.comparison import compare_project, compare_stages
from poetry_fti.operations.exports.outdated import outdated_exports
from poetry_fti.operations.locking.unmatched import unmatched_warnings
from poetry_fti.operations.pyproject_warnings.foreign_settings import foreign_warnings
from poetry_fti.operations.pyproject_warnings.unselected_extras import extra_warnings
from poetry_fti.operations.unseen_changes import unseen_changes
from poetry_fti.operations.url_logins import locking_warnings
from poetry_fti.wording import counted, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import PurePosixPath

    from poetry.console.commands.command import Command

    from poetry_fti.model.lock import LockedStage
    from poetry_fti.operations.comparison import Explanation
    from poetry_fti.operations.locking.lock import LockResult
    from poetry_fti.operations.project import Project


def report_locking(
    command: Command, project: Project, results: Mapping[str, LockResult], *, dry_run: bool = False
) -> int:
    """Print each stage's result and the differences between stages; return the exit code."""
    verbose = command.io.is_verbose()
    for text, names in _failures(results, verbose=verbose).items():
        error(command.io, f"{joined(names)}: {text}")
    if not verbose and any(map(_is_shortened, results.values())):
        command.line_error("Rerun with -v for the solver's whole explanation.")
    texts = [text for result in results.values() for text in result.warnings]
    texts += [] if dry_run else _warnings(project, results)
    kept = [each for each in project.stages if each.name in results and results[each.name].is_fresh]
    texts += [*unseen_changes(project, kept), *foreign_warnings(project)]
    texts += extra_warnings(project, [each for each in project.stages if each.name in results])
    for text in dict.fromkeys(texts):
        warning(command.io, text)
    locked = [name for name, each in results.items() if not (each.error or each.is_fresh)]
    outdated = outdated_exports(project, locked) if locked and not dry_run else []
    if wants_json(command):
        plain(command.io, _json(project, results, outdated, dry_run=dry_run))
    else:
        for line in _text(command, project, results, dry_run=dry_run):
            command.line(line)
        if outdated:
            command.line(_outdated(outdated, [] if len(locked) == len(project.stages) else locked))
    failures = [result.error for result in results.values() if result.error]
    if failures and len(results) > 1 and not wants_json(command):
        error(command.io, f"{len(failures)} of {len(results)} stages failed.")
    return max((failure.exit_code for failure in failures), default=DONE)


def _warnings(project: Project, results: Mapping[str, LockResult]) -> list[str]:
    return [*locking_warnings(project, results), *unmatched_warnings(project)]


def _text(
    command: Command, project: Project, results: Mapping[str, LockResult], *, dry_run: bool
) -> Iterator[str]:
    yield from _lines(results, verbose=command.io.is_verbose(), dry_run=dry_run)
    moved = any(not (result.error or result.is_fresh) for result in results.values())
    comparison = compare_project(project, _explanations(results)) if moved and not dry_run else None
    yield from comparison_lines(comparison)
    stages = comparison.stages if comparison else ()
    if not stages and any(result.held_back for result in results.values()):
        stages = project.comparable()
    yield from held_back_lines(results, stages)
    yield from unfinished_lines(results)
    yield from (escape(note) for result in results.values() for note in result.notes)
    if dry_run:
        yield "Dry run: no file was written."
    yield from _hints(results)


def _explanations(results: Mapping[str, LockResult]) -> list[Explanation]:
    return [each for result in results.values() for each in result.explanations]


def _failures(results: Mapping[str, LockResult], *, verbose: bool) -> dict[str, list[str]]:
    """Return the errors, each with the names of the stages that failed with it."""
    found: dict[str, list[str]] = {}
    for name, result in results.items():
        if result.error:
            text = str(result.error)
            if verbose and isinstance(result.error, UnsolvableError):
                text = result.error.explanation
            found.setdefault(text, []).append(name)
    return found


def _is_shortened(result: LockResult) -> bool:
    error = result.error
    return isinstance(error, UnsolvableError) and error.explanation != str(error)


def _lines(results: Mapping[str, LockResult], *, verbose: bool, dry_run: bool) -> Iterator[str]:
    for name, result in results.items():
        if result.error:
            continue
        count = counted(result.packages, "package")
        if result.is_fresh:
            yield f"<c1>{escape(name)}</c1>: fresh, {count}"
            continue
        done = f"would lock {count}" if dry_run else f"locked {count} in {result.seconds:.1f} s"
        yield f"<c1>{escape(name)}</c1>: {done}{_summary(result)}"
        if not result.is_first or verbose:
            yield from change_lines(result.changes)


def _hints(results: Mapping[str, LockResult]) -> Iterator[str]:
    """Yield a hint to set `platforms`, for the stage where that would save the most time."""
    slow = {name: result.saving for name, result in results.items() if result.saving is not None}
    if slow:
        name, saving = max(slow.items(), key=lambda item: item[1].seconds[0])
        (before, after), (all_packages, packages) = saving.seconds, saving.packages
        usual = ", ".join(f'"{platform}"' for platform in USUAL_PLATFORMS)
        yield ""
        fewer = f", and {packages} packages instead of {all_packages}"
        yield (
            f"{escape(name)} was solved for every platform. With"
            f" <comment>platforms = [{usual}]</comment> in tool.fti.stages.{escape(name)} it takes"
            f" {after:.1f} s instead of {before:.1f} s{fewer if packages < all_packages else ''}."
        )


def _summary(result: LockResult) -> str:
    if result.is_first:
        return ""
    added = sum(not change.before for change in result.changes)
    removed = sum(not change.after for change in result.changes)
    updated = len(result.changes) - added - removed
    if not result.changes:
        return ", no version changed"
    return f": {added} added, {removed} removed, {updated} updated"


def _outdated(paths: Sequence[PurePosixPath], stages: Sequence[str]) -> str:
    files = counted(len(paths), "exported file")
    command = escape(" ".join(["poetry fti export", *stages]))
    return f"\n{files} {'is' if len(paths) == 1 else 'are'} outdated. Run <info>{command}</info>."


def _json(
    project: Project,
    results: Mapping[str, LockResult],
    outdated: Sequence[PurePosixPath],
    *,
    dry_run: bool,
) -> str:
    is_held_back = any(result.held_back for result in results.values())
    stages = () if dry_run and not is_held_back else project.comparable()
    locked = {stage.stage.name: stage for stage in stages}
    compared = () if dry_run else stages
    solved = "solved" if dry_run else "locked"
    data = {
        "stages": {name: _result_data(result, solved, locked) for name, result in results.items()},
        "comparison": comparison_data(compare_stages(compared, _explanations(results))),
        "outdated_exports": list(map(str, outdated)),
    }
    return json.dumps(data, indent=2) + "\n"


def _result_data(
    result: LockResult, solved: str, locked: Mapping[str, LockedStage]
) -> dict[str, Any]:
    if result.error:
        return {"result": "failed", "error": str(result.error)}
    return {
        "result": "fresh" if result.is_fresh else solved,
        "packages": result.packages,
        "seconds": round(result.seconds, 3),
        "changes": [change_data(change) for change in result.changes],
        "held_back": [held_back_data(found, locked) for found in result.held_back],
        "added": list(result.added),
        "unfinished": list(result.unfinished),
        "notes": list(result.notes),
    }
