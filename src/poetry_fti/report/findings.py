"""The findings of checks as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.report.markup import element, join
from poetry_fti.report.tables import section, table
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks import Finding
    from poetry_fti.report.data import Report
    from poetry_fti.report.markup import Markup

# A level has a sign besides its colour.
SIGNS: Final = {"error": "✖", "warning": "▲", "different": "≠"}


def findings_section(report: Report) -> Markup:
    """Return the findings, and what the checks could not find out."""
    errors, warnings = (report.count(level) for level in ("error", "warning"))
    waived = f" {counted(report.waived, 'finding')} waived." if report.waived else ""
    counts = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}.{waived}"
    header = ("Level", "Check", "Stage", "Package", "Finding")
    return section(
        "findings",
        "Findings",
        element("p", counts),
        *([table("Findings of the checks", header, _rows(report))] if report.findings else []),
        *(element("p", f"{each.check}: {each.message}.", class_="note") for each in report.unknown),
    )


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    for each in report.findings:
        yield badge(each.level), each.check, _stages(each), each.package or "-", _sentences(each)


def badge(level: str) -> Markup:
    """Return a level with its sign, in its colour."""
    return element("span", f"{SIGNS[level]} {level}", class_=f"badge {level}")


def _stages(finding: Finding) -> str:
    if finding.transfer:
        return f"{finding.transfer.producer} → {finding.transfer.consumer}"
    return finding.stage or "-"


def _sentences(finding: Finding) -> Markup:
    because = [element("p", finding.because, class_="note")] if finding.because else []
    fix = element("p", f"{finding.fix}.")
    return join([element("p", f"{finding.message}."), *because, fix])
