"""The comparison of all stages as text, Markdown and JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from poetry_fti.commands.shared.diff.tables import (
    Table,
    markdown,
    markdown_lines,
    problem_lines,
    text_lines,
)
from poetry_fti.commands.shared.reports.comparison import (
    comparison_data,
    comparison_lines,
    comparison_sentence,
)
from poetry_fti.operations.comparison import places_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.operations.comparison import Comparison, Divergence
    from poetry_fti.operations.diff.overview import Overview

_NOTHING: Final = "No stage has a lock that can be read."


def overview_text(found: Overview) -> Iterator[str]:
    """Yield lines of cleo markup: a table of the stages, then the differences between them."""
    yield from text_lines(_stages(found)) if found.stages else [_NOTHING]
    if len(found.stages) > 1:
        yield from comparison_lines(found.comparison)


def overview_markdown(found: Overview) -> Iterator[str]:
    """Yield lines of Markdown: a table of the stages, then one of the differences."""
    yield "### Dependencies of the stages\n"
    yield from markdown_lines(_stages(found)) if found.stages else [_NOTHING]
    if len(found.stages) > 1:
        yield f"\n{markdown(comparison_sentence(found.comparison).rstrip(':.'))}."
        if found.comparison.divergences:
            yield ""
            yield from markdown_lines(_divergences(found.comparison))
    yield from problem_lines(found.problems)


def overview_data(found: Overview) -> dict[str, Any]:
    """Return the stages and the differences between them as JSON data."""
    return {
        "stages": [
            {
                "stage": each.stage,
                "packages": each.packages,
                "direct": each.direct,
                "alone": each.alone,
            }
            for each in found.stages
        ],
        "comparison": comparison_data(found.comparison),
        "warnings": list(found.problems),
    }


def _stages(found: Overview) -> Table:
    return Table(
        "Packages in the stages",
        ("Stage", "Packages", "Direct", "Only in this stage"),
        [
            (each.stage, str(each.packages), str(each.direct), str(each.alone))
            for each in found.stages
        ],
    )


def _divergences(comparison: Comparison) -> Table:
    return Table(
        "Different versions",
        ("Package", "Versions", "Reasons"),
        [
            (each.name, places_text(each.versions), reasons_text(each))
            for each in comparison.divergences
        ],
    )


def reasons_text(divergence: Divergence) -> str:
    """Return the reasons of a divergence in one line, or else the command that may remove it."""
    reasons = [f"{reason.stage}: {reason.text}" for reason in divergence.reasons]
    if divergence.unexplained:
        reasons.append(f"poetry fti update {divergence.name} looks for a common version")
    return "; ".join(reasons)
