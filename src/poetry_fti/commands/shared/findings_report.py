"""Shows findings on the terminal, or in a format for other tools."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from cleo.helpers import option

from poetry_fti.checks.formats import REPORT_FORMATS, load_format
from poetry_fti.commands.shared.console import escape, plain
from poetry_fti.errors import ConfigError
from poetry_fti.wording import counted, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cleo.io.inputs.option import Option
    from cleo.io.io import IO
    from poetry.console.commands.command import Command

    from poetry_fti.checks import Finding
    from poetry_fti.checks.formats import Report

_FORMATS: Final = ("text", *REPORT_FORMATS)
FINDINGS_FORMAT: Final[Option] = option(
    "format",
    None,
    f"The format of the report: {', '.join(_FORMATS)}.",
    flag=False,
    default="text",
)
_TAGS: Final = {"error": "error", "warning": "warning"}


def wanted_format(command: Command) -> str:
    """Return the format of the report; raises ConfigError for an unknown one."""
    wanted: str = command.option("format")
    if wanted not in _FORMATS:
        hint = suggestion(wanted, _FORMATS)
        raise ConfigError(f'Unknown report format "{wanted}" (known: {", ".join(_FORMATS)}){hint}.')
    return wanted


def report_findings(io: IO, report: Report, wanted: str) -> None:
    """Print the findings in a format, in the format `text` grouped by stage."""
    if wanted != "text":
        plain(io, load_format(wanted)(report))
        return
    for line in _lines(report):
        io.write_line(line)


def _lines(report: Report) -> Iterator[str]:
    ordered = sorted(report.findings, key=lambda each: each.stage or "")
    for stage, findings in groupby(ordered, key=lambda each: each.stage):
        yield f"<b>{escape(stage or 'project')}</b>"
        for each in findings:
            yield from _finding(each)
        yield ""
    if report.waived:
        yield f"{counted(len(report.waived), 'finding')} waived."
    yield _summary(report)


def _finding(finding: Finding) -> Iterator[str]:
    tag = _TAGS[finding.level]
    yield f"  <{tag}>{finding.level}</{tag}> {escape(finding.message)} <c1>[{finding.check}]</c1>"
    if finding.because:
        yield f"    {escape(finding.because)}"
    yield f"    {escape(finding.fix)}."


def _summary(report: Report) -> str:
    checks = counted(len(report.checks), "check")
    if not report.findings:
        return f"{checks} run: nothing found."
    errors = sum(1 for each in report.findings if each.level == "error")
    warnings = len(report.findings) - errors
    return f"{checks} run: {counted(errors, 'error')}, {counted(warnings, 'warning')}."
