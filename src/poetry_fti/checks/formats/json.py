"""Findings as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poetry_fti.checks import Finding
    from poetry_fti.checks.formats import Report


def render(report: Report) -> str:
    """Return the findings, the waived ones and the checks that ran as a JSON object."""
    data = {
        "checks": list(report.checks),
        "findings": [_data(each) for each in report.findings],
        "waived": [
            {**_data(each.finding), "reason": each.waiver.reason, "waiver": each.waiver.path}
            for each in report.waived
        ],
    }
    return json.dumps(data, indent=2) + "\n"


def _data(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "level": finding.level,
        "stage": finding.stage,
        "package": finding.package,
        "message": finding.message,
        "because": finding.because,
        "fix": finding.fix,
        "path": finding.path,
        **(asdict(finding.transfer) if finding.transfer else {}),
    }
