"""Prints findings in the format that a command's options select."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from poetry_fti.commands.shared.console import plain
from poetry_fti.commands.shared.findings import Found, rendered
from poetry_fti.commands.shared.findings.locations import Locations, path_in_repository
from poetry_fti.commands.shared.options import TOOL_FORMATS
from poetry_fti.commands.shared.reports.findings import findings_json, report_findings
from poetry_fti.errors import DONE, FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poetry.console.commands.command import Command

    from poetry_fti.commands.shared.findings import Described
    from poetry_fti.operations.check.run import CheckReport
    from poetry_fti.operations.project import Project


def print_findings(
    command: Command,
    form: str,
    report: CheckReport,
    checks: Mapping[str, Described],
    project: Project,
) -> int:
    """Print a report in a format, and return the exit code of the command.

    `checks` describes those of the report. The command has an option `--strict`, with which
    warnings are failures.
    """
    strict = bool(command.option("strict"))
    if form == "json":
        plain(command.io, findings_json(report))
    elif form in TOOL_FORMATS:
        file = path_in_repository(project.root / "pyproject.toml")
        found = Found(
            checks=checks,
            stages=report.stages,
            findings=report.findings,
            waived=report.waived,
            locations=Locations(file, project.text),
            version=version("poetry-fti"),
            strict=strict,
            command=f"poetry {command.name}",
        )
        plain(command.io, rendered(form, found))
    else:
        report_findings(command.io, report)
    return FOUND if report.count("error") or (strict and report.findings) else DONE
