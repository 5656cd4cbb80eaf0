"""The changes of locks since a revision as text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from poetry_fti.commands.shared.console import escape
from poetry_fti.commands.shared.diff.entries import (
    direct_first,
    entry_data,
    lock_data,
    lock_text,
    required_by,
    requirement_text,
    size_text,
    versions_cells,
)
from poetry_fti.commands.shared.diff.tables import (
    Table,
    markdown,
    markdown_lines,
    problem_lines,
    text_lines,
)
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.operations.diff.differences import Difference, Differences
    from poetry_fti.operations.diff.history import History, StageHistory

_DIGITS: Final = 10


def since_text(history: History) -> Iterator[str]:
    """Yield lines of cleo markup: a line for each stage, or a table if its lock has changed."""
    yield escape(f"{_heading(history)}:")
    yield ""
    for index, stage in enumerate(history.stages):
        tables = list(_tables(stage))
        for number, table in enumerate(tables):
            yield from [""] if number else []
            yield from text_lines(table)
        if not tables:
            yield escape(_sentence(stage))
        elif index + 1 < len(history.stages):
            yield ""


def since_markdown(history: History) -> Iterator[str]:
    """Yield lines of Markdown: a line for each stage, or a table if its lock has changed."""
    yield f"### {markdown(_heading(history))}"
    yield from problem_lines(history.problems)
    for stage in history.stages:
        tables = list(_tables(stage))
        for table in tables:
            yield ""
            yield from markdown_lines(table)
        if not tables:
            yield f"\n{markdown(_sentence(stage))}"


def since_data(history: History) -> dict[str, Any]:
    """Return the changes of locks since a revision as JSON data."""
    return {
        "since": {"revision": history.revision, "commit": history.commit},
        "stages": [_stage_data(stage) for stage in history.stages],
        "warnings": list(history.problems),
    }


def _stage_data(stage: StageHistory) -> dict[str, Any]:
    return {
        "stage": stage.name,
        "state": stage.state,
        "reason": stage.reason,
        "before": stage.before and lock_data(stage.before),
        "after": stage.after and lock_data(stage.after),
        "changes": [
            {
                "package": each.name,
                "change": _change(each),
                "before": entry_data(each.before, each),
                "after": entry_data(each.after, each),
                "requirements": [asdict(requirement) for requirement in each.requirements],
            }
            for each in (stage.differences.found if stage.differences else ())
        ],
        "skew": [
            {
                "package": each.package,
                "before": str(each.before),
                "after": str(each.after),
                "breaks": each.boundary.breaks,
                "silent": each.boundary.silent,
            }
            for each in stage.crossings
        ],
    }


def _heading(history: History) -> str:
    commit = history.commit[:_DIGITS]
    return f"Changes of the locks since {in_one_line(history.revision)} ({commit})"


def _sentence(stage: StageHistory) -> str:
    """Return what is known of a stage whose lock is not listed package by package."""
    size = stage.after or stage.before
    counted = f" ({lock_text(size)})" if size else ""
    if stage.state == "unreadable":
        why = f"the lock of the revision cannot be read: {stage.reason}"
        return f"{stage.name}{counted}: {why}"
    return f"{stage.name}: {stage.state}{counted}"


def _tables(stage: StageHistory) -> Iterator[Table]:
    found = stage.differences
    if found is None or not found.found:
        return
    yield _changes(f"{stage.name}: {_summary(found)}", found)
    if stage.crossings:
        yield Table(
            f"{stage.name}: version skew with what was saved before",
            ("Package", "Saved with", "Loaded with", "What breaks"),
            [
                (each.package, str(each.before), str(each.after), each.boundary.breaks)
                for each in stage.crossings
            ],
        )


def _summary(found: Differences) -> str:
    counts = f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} updated"
    return f"{counts} ({lock_text(found.after)}; before: {lock_text(found.before)})"


def _changes(title: str, found: Differences) -> Table:
    header = ("Change", "Package", "Before", "Now", "Required by", "Reason", "Download")
    rows = [
        (
            _change(each),
            each.name,
            *versions_cells(each),
            _required_by(each),
            "; ".join(map(requirement_text, each.requirements)) or "-",
            _download(each),
        )
        for each in direct_first(found.found)
    ]
    # Columns that no package has a value for are left out.
    kept = [index for index in range(len(header)) if any(row[index] != "-" for row in rows)]
    return Table(
        title,
        tuple(header[index] for index in kept),
        [tuple(row[index] for index in kept) for row in rows],
    )


def _change(difference: Difference) -> str:
    if difference.before is None:
        return "added"
    return "removed" if difference.after is None else "updated"


def _required_by(difference: Difference) -> str:
    before, after = (each and required_by(each) for each in (difference.before, difference.after))
    moved = difference.before and difference.after and before != after
    is_direct = "pyproject.toml" in (before, after)
    return f"{after} (before: {before})" if moved and is_direct else after or before or "-"


def _download(difference: Difference) -> str:
    sizes = [size_text(each.size) for each in (difference.before, difference.after) if each]
    return " -> ".join(dict.fromkeys(sizes))
