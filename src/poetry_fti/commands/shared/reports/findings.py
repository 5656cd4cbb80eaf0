"""The findings of checks as text for the terminal, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from poetry_fti.commands.shared.console import escape
from poetry_fti.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.io import IO

    from poetry_fti.checks import Finding
    from poetry_fti.operations.check.run import CheckReport


def findings_json(report: CheckReport) -> str:
    """Return the findings, the waived and unknown ones and the checks that ran as JSON."""
    data = {
        "checks": list(report.checks),
        "findings": [finding_data(each) for each in report.findings],
        "waived": [
            {**finding_data(each.finding), "reason": each.waiver.reason, "waiver": each.waiver.path}
            for each in report.waived
        ],
        "unknown": [asdict(each) for each in report.unknown],
    }
    return json.dumps(data, indent=2) + "\n"


def finding_data(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON data."""
    transfer = {} if finding.transfer is None else asdict(finding.transfer)
    return {
        "check": finding.check,
        "level": finding.level,
        "stage": finding.stage,
        "package": finding.package,
        "message": finding.message,
        "because": finding.because,
        "fix": finding.fix,
        "path": finding.path,
        **transfer,
    }


def report_findings(io: IO, report: CheckReport) -> None:
    """Print the findings, those on the whole project first and then by stage, and their number."""
    for line in _lines(report):
        io.write_line(line)


def _lines(report: CheckReport) -> Iterator[str]:
    ordered = sorted(report.findings, key=lambda each: each.stage or "")
    for stage, findings in groupby(ordered, key=lambda each: each.stage):
        yield f"<b>{escape(stage or 'project')}</b>"
        for each in findings:
            yield from _finding(each)
        yield ""
    for unknown in report.unknown:
        yield f"{unknown.check}: {escape(unknown.message)}."
    if report.waived:
        yield f"{counted(len(report.waived), 'finding')} waived."
    yield _summary(report)


def _finding(finding: Finding) -> Iterator[str]:
    level, message = finding.level, escape(finding.message)
    yield f"  <{level}>{level}</{level}> {message} <c1>[{finding.check}]</c1>"
    if finding.because:
        yield f"    {escape(finding.because)}"
    yield f"    {escape(finding.fix)}."


def _summary(report: CheckReport) -> str:
    checks = counted(len(report.checks), "check")
    if not report.findings:
        return f"{checks} run: nothing found."
    errors, warnings = report.count("error"), report.count("warning")
    return f"{checks} run: {counted(errors, 'error')}, {counted(warnings, 'warning')}."
