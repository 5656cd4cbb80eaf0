"""Bar charts in which each bar is divided into segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.report.markup import element
from poetry_fti.wording import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poetry_fti.report.markup import Markup

# Segments below this share of the chart's width have no label.
_LABELLED: Final = 9
_COLOURS: Final = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: its label, its size in bytes, and a CSS class that colours it."""

    label: str
    size: int
    colour: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with the name of its stage; `link` is the id of the element with the details."""

    name: str
    segments: Sequence[Segment]

    @property
    def size(self) -> int:
        """The size of all segments."""
        return sum(each.size for each in self.segments)


def colour(index: int) -> str:
    """Return the CSS class of a colour; the colours repeat."""
    return f"c{index % _COLOURS}"


def chart(title: str, bars: Sequence[Bar]) -> Markup:
    """Return a list of bars on one scale, each with its name and size, and a text for readers."""
    longest = max((bar.size for bar in bars), default=0)
    rows = (
        element(
            "li",
            element("span", bar.name, class_="name"),
            _drawing(bar, longest or 1),
            element("span", readable(bar.size), class_="size"),
        )
        for bar in bars
    )
    return element("ul", *rows, class_="chart", aria_label=title)


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Return a legend of the colours, from pairs of a CSS class and a text."""
    keys = (
        element("li", element("span", class_=f"key {each}", aria_hidden="true"), label)
        for each, label in entries
    )
    return element("ul", *keys, class_="legend")


def _drawing(bar: Bar, longest: int) -> Markup:
    parts, start = [], 0.0
    for each in bar.segments:
        width = 100 * each.size / longest
        if width > 0:
            parts.append(_segment(each, start, width))
        start += width
    label = "; ".join(f"{each.label} {readable(each.size)}" for each in bar.segments if each.size)
    return element("svg", *parts, width="100%", height=24, role="img", aria_label=label or "empty")


def _segment(segment: Segment, start: float, width: float) -> Markup:
    about = f"{segment.label}: {readable(segment.size)}"
    shape = element("rect", width="100%", height=24, class_=segment.colour)
    content = [element("title", about), shape]
    if width >= _LABELLED:
        content.append(element("text", segment.label, x=6, y=16))
    return element("svg", *content, x=f"{start:.2f}%", width=f"{width:.2f}%", height=24)
