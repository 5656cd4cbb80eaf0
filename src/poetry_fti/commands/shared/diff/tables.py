"""Tables as text for a terminal and as Markdown for a comment on a pull request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from poetry_fti.commands.shared.console import aligned, escape
from poetry_fti.wording import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Longer tables are collapsed in Markdown.
_MOST_OPEN: Final = 10
# What Markdown or HTML interprets within the cell of a table.
_SPECIAL: Final = re.compile(r"[\\`*_{}\[\]<>|~@#&]")
_ENTITY: Final = "&#{};"


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of plain text; all rows have as many cells as the header."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def text_lines(table: Table) -> Iterator[str]:
    """Yield the lines of a table as cleo markup: the title, the header and the rows."""
    first, *rest = aligned([table.header, *table.rows])
    yield f"<b>{escape(table.title)}</b>"
    yield f"  <comment>{escape(first)}</comment>"
    yield from (f"  {escape(line)}" for line in rest)


def markdown_lines(table: Table) -> Iterator[str]:
    """Yield the lines of a table as Markdown of GitHub and GitLab; a long one is collapsed."""
    is_long = len(table.rows) > _MOST_OPEN
    title = markdown(table.title)
    yield f"<details>\n<summary>{title}</summary>" if is_long else f"**{title}**"
    yield ""
    yield _row(table.header)
    yield _row(["---"] * len(table.header))
    yield from (_row([markdown(cell) for cell in row]) for row in table.rows)
    if is_long:
        yield "\n</details>"


def problem_lines(problems: Sequence[str]) -> Iterator[str]:
    """Yield an empty line and a list of sentences as Markdown, or no line for no sentence."""
    if problems:
        yield ""
        yield from (f"- {markdown(problem)}" for problem in problems)


def markdown(text: str) -> str:
    """Return plain text for Markdown: neither markup, links nor mentions are interpreted.

    Special characters become references (`&#42;`), which are text in Markdown and in HTML.
    """
    return _SPECIAL.sub(lambda found: _ENTITY.format(ord(found[0])), in_one_line(text))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
