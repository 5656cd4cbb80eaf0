"""The comparison of two stages as text, Markdown and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poetry_fti.commands.shared.console import escape
from poetry_fti.commands.shared.diff.entries import (
    direct_first,
    entry_data,
    kind_text,
    lock_data,
    lock_text,
    required_by,
    size_text,
    versions_cells,
)
from poetry_fti.commands.shared.diff.overview import reasons_text
from poetry_fti.commands.shared.diff.tables import (
    Table,
    markdown,
    markdown_lines,
    problem_lines,
    text_lines,
)
from poetry_fti.commands.shared.reports.findings import finding_data
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.operations.diff.differences import Difference
    from poetry_fti.operations.diff.pair import StagePair


def pair_text(found: StagePair) -> Iterator[str]:
    """Yield lines of cleo markup: a sentence, then a table for each kind of difference."""
    yield escape(_sentence(found))
    for table in _tables(found):
        yield ""
        yield from text_lines(table)


def pair_markdown(found: StagePair) -> Iterator[str]:
    """Yield lines of Markdown: a sentence, then a table for each kind of difference."""
    yield f"### {markdown(found.names[0])} and {markdown(found.names[1])}"
    yield f"\n{markdown(_sentence(found))}"
    yield from problem_lines(found.problems)
    for table in _tables(found):
        yield ""
        yield from markdown_lines(table)


def pair_data(found: StagePair) -> dict[str, Any]:
    """Return the differences between two stages as JSON data."""
    first, second = found.names
    different = found.differences
    return {
        "first": {"stage": first, **lock_data(different.before)},
        "second": {"stage": second, **lock_data(different.after)},
        "shared": different.shared,
        "different": [
            {
                "package": each.name,
                "first": entry_data(each.before, each),
                "second": entry_data(each.after, each),
                "reasons": _reasons_data(found, each),
            }
            for each in different.changed
        ],
        "only_in_first": [_lone_data(each) for each in different.removed],
        "only_in_second": [_lone_data(each) for each in different.added],
        "skew": [finding_data(each) for each in found.skew],
        "warnings": list(found.problems),
    }


def _lone_data(difference: Difference) -> dict[str, Any]:
    entry = difference.before or difference.after
    return {"package": difference.name, **(entry_data(entry, difference) or {})}


def _reasons_data(found: StagePair, difference: Difference) -> list[dict[str, str]]:
    divergence = found.divergences.get(difference.name)
    reasons = divergence.reasons if divergence else ()
    return [{"stage": each.stage, "text": each.text} for each in reasons]


def _sentence(found: StagePair) -> str:
    different = found.differences
    sizes = (different.before, different.after)
    one, other = (
        f"{name} ({lock_text(size)})" for name, size in zip(found.names, sizes, strict=True)
    )
    if not different.shared:
        return f"{one} and {other} share no package."
    shared = f"{one} and {other} share {counted(different.shared, 'package')}"
    every = "" if different.shared == 1 else "all "
    number = len(different.changed)
    if not number:
        return f"{shared}, {every}at the same version."
    part = every if number == different.shared else f"{number} of them "
    return f"{shared}, {part}at different versions."


def _tables(found: StagePair) -> Iterator[Table]:
    different = found.differences
    if different.changed:
        yield _changed(found)
    for name, lone in zip(found.names, (different.removed, different.added), strict=True):
        if lone:
            yield lone_table(f"Only in {name}: {counted(len(lone), 'package')}", lone)
    if found.skew:
        rows = [(each.level, each.package or "-", each.message) for each in found.skew]
        yield Table("Version skew", ("Level", "Package", "What breaks"), rows)


def _changed(found: StagePair) -> Table:
    first, second = found.names
    where = (f"in {first}", f"in {second}")
    return Table(
        "Different versions",
        ("Package", first, second, "Required", "Reasons"),
        [
            (each.name, *versions_cells(each), kind_text(each, where), _reasons(found, each))
            for each in direct_first(found.differences.changed)
        ],
    )


def _reasons(found: StagePair, difference: Difference) -> str:
    divergence = found.divergences.get(difference.name)
    return reasons_text(divergence) if divergence else "builds of the same version"


def lone_table(title: str, found: Sequence[Difference]) -> Table:
    """Return a table of packages that only one of two locks has, direct ones first."""
    rows = []
    for each in direct_first(found):
        entry = each.before or each.after
        if entry is not None:
            versions = next(filter(None, versions_cells(each)), "")
            rows.append((each.name, versions, required_by(entry), size_text(entry.size)))
    header: tuple[str, ...] = ("Package", "Version", "Required by", "Download")
    if all(row[-1] == "-" for row in rows):
        return Table(title, header[:-1], [row[:-1] for row in rows])
    return Table(title, header, rows)
