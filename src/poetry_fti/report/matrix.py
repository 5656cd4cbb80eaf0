"""The matrix of packages and stages, which a script filters, sorts and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poetry_fti.report.findings import SIGNS
from poetry_fti.report.markup import Markup, element, join, text, void
from poetry_fti.report.tables import section
from poetry_fti.wording import readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from poetry_fti.report.data import Cell, Package, Report, ReportStage

_LETTERS: Final = {"error": "e", "warning": "w", "different": "f", "": ""}
# Widths in the unit of CSS that is as wide as a digit.
_NARROWEST, _WIDEST = 9, 14
_LEADING_WIDTH: Final = 12 + 9 + 12
_LEADING: Final = ("Package", "Status", "Stages", "Download")


def matrix_section(report: Report) -> Markup:
    """Return the matrix, its controls, and what its signs stand for."""
    stages = report.readable
    if not report.packages:
        return section("packages", "Packages", element("p", "No lock contains a package."))
    columns = [*_LEADING, *(stage.name for stage in stages)]
    head = element("tr", *(_title(name) for name in columns))
    table = element(
        "table",
        element("caption", "Versions of all packages in the stages", class_="hidden"),
        element("thead", head),
        *_groups(report.packages, stages),
    )
    return section(
        "packages",
        "Packages",
        _legend(),
        _controls(stages),
        element(
            "div",
            table,
            id="matrix",
            class_="scroll tall",
            tabindex=0,
            role="region",
            aria_label="Packages and stages",
        ),
    )


def matrix_style(report: Report) -> str:
    """Return the CSS of the columns, whose widths depend on the versions."""
    lengths = (len(c.versions) + 2 for package in report.packages for c in package.cells.values())
    names = max((len(package.name) + 2 for package in report.packages), default=0)
    first, number = min(max(names, 14), 26), len(report.readable)
    each = min(max(max(lengths, default=0), _NARROWEST), _WIDEST)
    return (
        f"#matrix table{{min-width:{first + _LEADING_WIDTH + number * each}ch}}\n"
        f"#matrix tr{{grid-template-columns:{first}ch 12ch 9ch 12ch repeat({number},"
        f"minmax({each}ch,1fr))}}\n"
    )


def _title(name: str) -> Markup:
    button = element("button", name, type="button")
    return element("th", button, scope="col", aria_sort="none")


def _groups(packages: Sequence[Package], stages: Sequence[ReportStage]) -> Iterator[Markup]:
    """Yield a group of rows for packages of all stages, of some, and of one alone."""
    groups: dict[str, list[Package]] = {"In all stages": [], "In some stages": []}
    if len(stages) < 2:  # noqa: PLR2004 - with one stage there is no difference between the groups
        groups = {"In the stage": list(packages)}
    else:
        groups["In one stage"] = []
        for each in packages:
            name = "In some stages"
            if len(each.cells) == len(stages):
                name = "In all stages"
            elif len(each.cells) == 1:
                name = "In one stage"
            groups[name].append(each)
    width = len(_LEADING) + len(stages)
    for name, found in groups.items():
        if found:
            title = element("th", f"{name} ({len(found)})", scope="rowgroup", colspan=width)
            rows = (_row(package, stages) for package in found)
            yield element("tbody", element("tr", title, class_="group"), join(rows))


def _row(package: Package, stages: Sequence[ReportStage]) -> Markup:
    """Return a row; end tags are left out, as there are many cells."""
    cells = "".join(_cell(package.cells.get(stage.name)) for stage in stages)
    letter = _LETTERS[package.severity]
    kind = f" class={letter}" if letter else ""
    size = readable(package.size) if package.size else "-"
    return Markup(
        f"<tr{kind}><th scope=row><button type=button>{text(package.name)}</button>"
        f"<td>{text(_status(package))}<td class=n>{len(package.cells)}/{len(stages)}"
        f"<td class=n data-s={package.size}>{size}{cells}"
    )


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "<td>"
    letters = " ".join(["b"] * cell.is_behind + ["d"] * cell.is_direct)
    kind = f' class="{letters}"' if letters else ""
    return f"<td{kind}>{text(cell.versions)}"


def _status(package: Package) -> str:
    if package.severity:
        return f"{SIGNS[package.severity]} {package.severity}"
    return "same" if len(package.cells) > 1 else "-"


def _legend() -> Markup:
    entries = (
        ("error", f"{SIGNS['error']} error", "a difference that breaks something"),
        ("warning", f"{SIGNS['warning']} warning", "a difference that may break something"),
        ("different", f"{SIGNS['different']} different", "another version, without a finding"),
        ("behind", "↓ 1.0", "older than in another stage"),
        ("direct", "1.0", "required by pyproject.toml itself"),
    )
    items = (
        element("li", element("span", sign, class_=f"badge {name}"), f" {meaning}")
        for name, sign, meaning in entries
    )
    return element("ul", *items, class_="legend")


def _controls(stages: Sequence[ReportStage]) -> Markup:
    """Return the controls, which are hidden until the script runs."""
    kinds = (
        ("all", "all packages"),
        ("different", "differences"),
        ("grave", "errors and warnings"),
        ("direct", "required by pyproject.toml"),
    )
    shown = (element("option", name, value=value) for value, name in kinds)
    names = (element("option", each.name, value=index) for index, each in enumerate(stages))
    every = element("option", "any", value="")
    return element(
        "form",
        _labelled("Search ", void("input", type="search", id="search", autocomplete="off")),
        _labelled("Show ", element("select", *shown, id="show")),
        _labelled("In stage ", element("select", every, *names, id="in")),
        _labelled(void("input", type="checkbox", id="group", checked=True), " Group by sharing"),
        element("output", id="count", role="status"),
        id="controls",
        hidden=True,
    )


def _labelled(*content: str) -> Markup:
    return element("label", *content)
