"""The stages with their numbers of packages, and their downloads as a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.report.bars import Bar, Segment, chart, colour, legend
from poetry_fti.report.markup import element
from poetry_fti.report.tables import details, section, table
from poetry_fti.wording import counted, joined, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from poetry_fti.report.data import Report, ReportStage
    from poetry_fti.report.markup import Markup

# The number of packages with a colour of their own in the chart, which is also the number of rows
# in the table of a stage.
_COLOURED: Final = 8
_HEAVIEST: Final = 15


def stages_section(report: Report) -> Markup:
    """Return the table of the stages, and sentences on locks that are not fresh."""
    rows = [
        (
            stage.name,
            stage.kind,
            stage.python or "any",
            ", ".join(stage.platforms) or "any",
            *map(str, (stage.packages, stage.direct, stage.alone)),
            download_text(stage),
        )
        for stage in report.readable
    ]
    header = ("Stage", "Kind", "Python", "Platforms")
    numbers = ("#Packages", "#Direct", "#Only here", "#Download")
    problems = [each.problem for each in report.stages if each.problem]
    notes = element("ul", *(element("li", each) for each in problems), class_="problems")
    content = table("Packages in the stages", header + numbers, rows) if rows else "No stages."
    return section("stages", "Stages", *([notes] if problems else []), content)


def downloads_section(report: Report) -> Markup:
    """Return the download size of each stage as a chart, and its heaviest packages as tables."""
    stages = [stage for stage in report.readable if stage.download.sizes]
    if not stages:
        text = "No sizes are known. `poetry fti lock` and `poetry fti image` look them up."
        return section("downloads", "Download size", element("p", text))
    colours = _coloured(stages)
    bars = [Bar(stage.name, tuple(_segments(stage, colours))) for stage in stages]
    note = (
        "What installing each stage downloads, on the platform where that is the most. The heaviest"
        " packages of all stages have a colour."
    )
    keys = [(each, name) for name, each in colours.items()]
    return section(
        "downloads",
        "Download size",
        element("p", note),
        chart("Download size of each stage", bars),
        legend([*keys, ("rest", "all other packages")]),
        *(_heaviest(stage, report) for stage in stages),
    )


def download_text(stage: ReportStage) -> str:
    """Return the size of a stage's downloads; the least size if some are not known."""
    download = stage.download
    if not download.sizes:
        return "unknown" if download.unknown else "-"
    return f"{'≥ ' if download.unknown else ''}{readable(download.total)}"


def _coloured(stages: Sequence[ReportStage]) -> Mapping[str, str]:
    """Return the packages that are the largest downloads of any stage, with their colours."""
    largest: dict[str, int] = {}
    for stage in stages:
        for name, size in stage.download.sizes:
            largest[name] = max(size, largest.get(name, 0))
    names = sorted(largest, key=lambda name: (-largest[name], name))[:_COLOURED]
    return {name: colour(index) for index, name in enumerate(names)}


def _segments(stage: ReportStage, colours: Mapping[str, str]) -> Iterator[Segment]:
    rest = 0
    for name, size in stage.download.sizes:
        if name in colours:
            yield Segment(name, size, colours[name])
        else:
            rest += size
    yield Segment("other packages", rest, "rest")


def _heaviest(stage: ReportStage, report: Report) -> Markup:
    cells = {package.name: package.cells for package in report.packages}
    download = stage.download
    rows = [
        (
            name,
            cells[name][stage.name].versions,
            readable(size),
            f"{100 * size / (download.total or 1):.0f} %",
            ", ".join(other for other in cells[name] if other != stage.name) or "-",
        )
        for name, size in download.sizes[:_HEAVIEST]
    ]
    caption = f"Heaviest packages of {stage.name} on {download.platform}"
    header = ("Package", "Version", "#Download", "#Share", "Also in")
    unknown = (
        [element("p", f"The sizes of {joined(download.unknown)} are not known.")]
        if download.unknown
        else []
    )
    number = len(download.sizes) + len(download.unknown)
    summary = f"{stage.name}: {download_text(stage)} in {counted(number, 'package')}"
    return details(summary, table(caption, header, rows), *unknown)
