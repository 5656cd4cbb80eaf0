"""How the locks have changed over the commits of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.report.markup import Markup, element
from poetry_fti.report.tables import details, section, table
from poetry_fti.wording import counted, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from poetry_fti.report.data import History, Moment, Report, StagePoint


def history_section(report: Report) -> Markup:
    """Return the numbers and sizes of each stage over time, and what each commit has changed."""
    history = report.history
    if history is None:
        return Markup()
    rows = [_row(stage.name, history) for stage in report.stages]
    earlier = [None, *history.moments[:-1]]
    first, last = history.moments[0], history.moments[-1]
    caption = f"Locks from {moment_text(first)} to {moment_text(last)}"
    header = ("Stage", "#Packages", "Change", "#Download", "Change")
    return section(
        "history",
        "History",
        element("p", f"{history.note} Newest changes first.".strip()),
        table(caption, header, rows),
        *reversed([_moment(*pair) for pair in zip(history.moments, earlier, strict=True)]),
    )


def moment_text(moment: Moment) -> str:
    """Return the abbreviated hash and the date of a commit, or a name of the working tree."""
    return f"{moment.commit} ({moment.date})" if moment.commit else "the working tree"


def changes_text(moment: Moment, before: Moment | None) -> str:
    """Return in which stages how many packages have changed since the moment before."""
    if before is None:
        return f"{counted(len(moment.stages), 'stage')} locked"
    changed = [
        f"{name}: {counted(len(point.moves), 'change') if name in before.stages else 'new'}"
        for name, point in moment.stages.items()
        if point.moves or name not in before.stages
    ]
    lost = [f"{name}: no readable lock" for name in before.stages if name not in moment.stages]
    return ", ".join(changed + lost) or "the same versions"


def _row(name: str, history: History) -> tuple[str, ...]:
    points = [moment.stages.get(name) for moment in history.moments]
    packages = [point.packages if point else None for point in points]
    sizes = [point.download if point else None for point in points]
    return (
        name,
        "-" if packages[-1] is None else str(packages[-1]),
        _line(packages, f"{name}: packages", str),
        "-" if sizes[-1] is None else readable(sizes[-1]),
        _line(sizes, f"{name}: download", readable),
    )


def _line(values: Sequence[int | None], label: str, text: Callable[[int], str]) -> Markup:
    """Return a small step chart of values over time; gaps are moments without a value.

    `text` returns a value as it is read out.
    """
    known = [value for value in values if value is not None]
    if not known:
        return element("span", "-")
    lowest, highest = min(known), max(known)
    first, last, least, most = map(text, (known[0], known[-1], lowest, highest))
    spoken = f"{label} from {first} to {last}, lowest {least}, highest {most}"
    path = element("path", d=" ".join(_steps(values, lowest, highest)), class_="line")
    return element("svg", path, viewBox="0 0 100 24", class_="spark", role="img", aria_label=spoken)


def _steps(values: Sequence[int | None], lowest: int, highest: int) -> Iterator[str]:
    width, drawn = 100 / len(values), False
    for index, value in enumerate(values):
        if value is not None:
            share = (value - lowest) / (highest - lowest) if highest > lowest else 0.5
            y, x = 21 - 18 * share, index * width
            yield f"{'L' if drawn else 'M'}{x:.1f} {y:.1f} L{x + width:.1f} {y:.1f}"
        drawn = value is not None


def _moment(moment: Moment, before: Moment | None) -> Markup:
    rows = [
        (name, move.package, move.before or "-", move.after or "-")
        for name, point in moment.stages.items()
        for move in point.moves
    ]
    title = f"{moment_text(moment)} {moment.subject}".strip()
    sizes = [_size(name, point) for name, point in moment.stages.items()]
    heading = f"{title}: {changes_text(moment, before)}"
    content = [element("p", "; ".join(sizes) or "No lock can be read.")]
    if rows:
        header = ("Stage", "Package", "Before", "After")
        content.append(table(f"Changes in {moment_text(moment)}", header, rows))
    return details(heading, *content)


def _size(name: str, point: StagePoint) -> str:
    size = "" if point.download is None else f", {readable(point.download)}"
    return f"{name}: {counted(point.packages, 'package')}{size}"
