"""`poetry fti report`: the stages of a project on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from cleo.helpers import option
from poetry.console.commands.command import Command

from poetry_fti.commands.shared.console import escape, guarded, load, plain, warning
from poetry_fti.commands.shared.exclusive import exclusive
from poetry_fti.commands.shared.reports.markdown import report_markdown
from poetry_fti.errors import DONE, ConfigError
from poetry_fti.operations.report.gather import gather_report
from poetry_fti.operations.report.write import write_report
from poetry_fti.report.html import html

if TYPE_CHECKING:
    from cleo.io.inputs.option import Option

    from poetry_fti.report.data import Report

_FILE: Final = "report.html"
_MOST_COMMITS: Final = 500


class ReportCommand(Command):
    """Writes a report on all stages as a page or as Markdown."""

    name = "fti report"
    description = "Writes a page on the pipeline stages: versions, sizes, images and findings."
    options: ClassVar[list[Option]] = [
        option(
            "output",
            "o",
            f"The file to write (default: {_FILE} in the project's folder; Markdown is printed).",
            flag=False,
        ),
        option("format", None, "The format: html or markdown.", flag=False, default="html"),
        option(
            "history",
            None,
            f"Also show how the locks changed in this number of commits (1 to {_MOST_COMMITS}).",
            flag=False,
        ),
    ]
    help = """\
Writes one HTML page that needs no server and no network: the packages of all stages with their
differences, download sizes, image layers, the dependency graph of each package and the findings of
<comment>poetry fti check</comment>. As Markdown, it is a summary for a CI job.

Locks are read as they are on disk: no package index is used, and nothing is solved.

<info>poetry fti report</info>
<info>poetry fti report --history 50 --output public/index.html</info>
<info>poetry fti report --format markdown >> $GITHUB_STEP_SUMMARY</info>"""

    @guarded
    @exclusive()
    def handle(self) -> int:
        """Write or print the report; the exit code does not depend on findings."""
        form, commits = self._format(), self._commits()
        project = load(self, check=False)
        if not all(map(project.is_fresh, project.stages)):
            project.require_accepted()
        report = gather_report(project, commits)
        for stage in report.stages:
            if stage.problem:
                warning(self.io, stage.problem)
        output: str | None = self.option("output")
        text = html(report) if form == "html" else _markdown(report)
        if form == "markdown" and output is None:
            plain(self.io, text)
            return DONE
        path = Path(output).absolute() if output else project.root / _FILE
        is_written = write_report(path, text)
        word = "<info>wrote</info>" if is_written else "unchanged"
        self.line(f"{word} {escape(output or _FILE)}")
        return DONE

    def _format(self) -> str:
        wanted: str = self.option("format")
        if wanted not in ("html", "markdown"):
            raise ConfigError(f'Unknown report format "{wanted}" (known: html, markdown).')
        return wanted

    def _commits(self) -> int:
        """Return the number of commits to show; 0 without the option."""
        wanted: str | None = self.option("history")
        if wanted is None:
            return 0
        if not (wanted.isdecimal() and 1 <= int(wanted) <= _MOST_COMMITS):
            raise ConfigError(f"--history takes a number of commits from 1 to {_MOST_COMMITS}.")
        return int(wanted)


def _markdown(report: Report) -> str:
    return "".join(f"{line}\n" for line in report_markdown(report))
