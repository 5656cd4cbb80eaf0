"""The page: its sections, its style and its scripts in one file, which makes no requests."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from importlib.resources import files as resources
from string import Template
from typing import TYPE_CHECKING

from poetry_fti.report.findings import findings_section
from poetry_fti.report.history import history_section
from poetry_fti.report.images import images_section
from poetry_fti.report.markup import element, text
from poetry_fti.report.matrix import matrix_section, matrix_style
from poetry_fti.report.package_data import package_data
from poetry_fti.report.stages import downloads_section, stages_section

if TYPE_CHECKING:
    from poetry_fti.report.data import Report
    from poetry_fti.report.markup import Markup


def html(report: Report) -> str:
    """Return a report as the text of an HTML page. It is the same for the same report."""
    style = _resource("report.css") + matrix_style(report)
    layout, script = _resource("dagre.min.js"), _resource("report.js")
    title = f"{report.project or 'Project'}: dependencies of the stages"
    return Template(_resource("report.html")).substitute(
        title=text(title),
        styles=_digest(style),
        scripts=f"{_digest(layout)} {_digest(script)}",
        style=style,
        header=_header(report, title),
        sections="\n".join(_sections(report)),
        data=_json(package_data(report)),
        layout=layout,
        script=script,
    )


def _sections(report: Report) -> list[Markup]:
    sections = (
        stages_section(report),
        matrix_section(report),
        downloads_section(report),
        images_section(report),
        findings_section(report),
        history_section(report),
    )
    return [each for each in sections if each]


def _header(report: Report, title: str) -> Markup:
    numbers = (
        (len(report.stages), "stages"),
        (len(report.packages), "packages"),
        (report.shared, "in several stages"),
        (report.differing, "at different versions"),
        (report.count("error"), "errors"),
        (report.count("warning"), "warnings"),
    )
    tiles = (element("li", element("b", str(count)), f" {noun}") for count, noun in numbers)
    links = {"stages": "Stages", "packages": "Packages", "downloads": "Download size"}
    links |= {"images": "Image layers"} if report.images else {}
    links |= {"findings": "Findings"}
    links |= {"history": "History"} if report.history else {}
    menu = (element("li", element("a", name, href=f"#{each}")) for each, name in links.items())
    return element(
        "header",
        element("h1", title),
        element("ul", *tiles, class_="tiles"),
        element("nav", element("ul", *menu), aria_label="Sections"),
    )


def _json(data: object) -> str:
    """Return JSON in which an HTML parser finds no end of a script and no comment."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def _digest(content: str) -> str:
    """Return the source of an inline style or script in a Content-Security-Policy."""
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _resource(name: str) -> str:
    return (resources("poetry_fti.report.page") / name).read_text(encoding="utf-8")
