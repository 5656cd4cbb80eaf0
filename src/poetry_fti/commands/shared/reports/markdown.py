"""A report on all stages as Markdown, for the summary of a CI job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.commands.shared.diff.tables import Table, markdown, markdown_lines, problem_lines
from poetry_fti.report.history import changes_text, moment_text
from poetry_fti.report.stages import download_text
from poetry_fti.wording import counted, named_stages, readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poetry_fti.checks import Finding
    from poetry_fti.report.data import History, Package, Report, ReportStage, StageImage

_HEAVIEST: Final = 3


def report_markdown(report: Report) -> Iterator[str]:
    """Yield lines of Markdown: numbers, then tables; long ones are collapsed."""
    yield f"### {markdown(report.project or 'Project')}: dependencies of the stages\n"
    yield markdown(f"{_numbers(report)} {report.sharing}".strip())
    yield from problem_lines([stage.problem for stage in report.stages if stage.problem])
    for table in _tables(report):
        if table.rows:
            yield ""
            yield from markdown_lines(table)


def _numbers(report: Report) -> str:
    stages, packages = (len(report.stages), "stage"), (len(report.packages), "package")
    errors, warnings = (report.count("error"), "error"), (report.count("warning"), "warning")
    return (
        f"{counted(*stages)} with {counted(*packages)}: {report.shared} in several stages,"
        f" {report.differing} at different versions. {counted(*errors)}, {counted(*warnings)}."
    )


def _tables(report: Report) -> Iterator[Table]:
    yield Table(
        "Stages",
        ("Stage", "Packages", "Direct", "Only here", "Download", "Heaviest packages"),
        [_stage(stage) for stage in report.readable],
    )
    yield Table(
        "Differences",
        ("Package", "Severity", "Versions", "Reasons"),
        [
            (each.name, each.severity, _versions(each), "; ".join(each.reasons) or "-")
            for each in report.packages
            if each.differs
        ],
    )
    yield Table(
        "Images",
        ("Stage", "Download", "Layers", "Shared layers"),
        [_image(image) for image in report.images if image.layers],
    )
    yield Table(
        "Findings",
        ("Level", "Check", "Stage", "Finding"),
        [_finding(each) for each in report.findings],
    )
    if report.history:
        yield _history(report.history)


def _stage(stage: ReportStage) -> tuple[str, ...]:
    heaviest = [f"{name} {readable(size)}" for name, size in stage.download.sizes[:_HEAVIEST]]
    numbers = map(str, (stage.packages, stage.direct, stage.alone))
    return stage.name, *numbers, download_text(stage), ", ".join(heaviest) or "-"


def _versions(package: Package) -> str:
    """Return the versions of a package, each with the stages that have it."""
    stages: dict[str, list[str]] = {}
    for name, cell in package.cells.items():
        stages.setdefault(cell.versions, []).append(name)
    return "; ".join(f"{versions} in {named_stages(names)}" for versions, names in stages.items())


def _image(image: StageImage) -> tuple[str, ...]:
    shared = [
        f"{layer.name} with {named_stages([each for each in layer.stages if each != image.stage])}"
        for layer in image.layers
        if layer.stages
    ]
    return image.stage, readable(image.size), str(len(image.layers)), "; ".join(shared) or "-"


def _finding(finding: Finding) -> tuple[str, ...]:
    because = f" ({finding.because})" if finding.because else ""
    text = f"{finding.message}{because}. {finding.fix}."
    return finding.level, finding.check, finding.stage or "-", text


def _history(history: History) -> Table:
    """Return what each moment has changed, newest first."""
    moments = zip(history.moments, [None, *history.moments[:-1]], strict=True)
    rows = [
        (moment_text(moment), moment.subject or "-", changes_text(moment, before))
        for moment, before in moments
    ]
    return Table("Changes of the locks", ("Commit", "Subject", "Changes"), rows[::-1])
