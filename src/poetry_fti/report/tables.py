"""Tables of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poetry_fti.report.markup import element, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from poetry_fti.report.markup import Markup


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table; the first cell of each row is its header. It scrolls if it is too wide.

    A title that begins with `#` heads a column of numbers.
    """
    numeric = [title.startswith("#") for title in header]
    titles = (
        element("th", title.removeprefix("#"), scope="col", class_="n" if number else None)
        for title, number in zip(header, numeric, strict=True)
    )
    body = (
        element("tr", *(_cell(i, cell, is_number=numeric[i]) for i, cell in enumerate(row)))
        for row in rows
    )
    head = element("thead", element("tr", *titles))
    name = element("caption", caption)
    inner = element("table", name, head, element("tbody", *body))
    return element("div", inner, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _cell(index: int, content: str, *, is_number: bool) -> Markup:
    kind = "n" if is_number else None
    if index == 0:
        return element("th", content, scope="row", class_=kind)
    return element("td", content, class_=kind)


def section(name: str, title: str, *content: str) -> Markup:
    """Return a section with a heading, which links lead to."""
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def details(summary: str, *content: str) -> Markup:
    """Return content that is collapsed at first."""
    return element("details", element("summary", summary), join(content))
