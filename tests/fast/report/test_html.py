"""The HTML page of a report: its content, its safety, its size and that it never changes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Any, Final

import pytest

from canned_report import FINDING, HOSTILE, SMALL, cell, large
from poetry_fti.checks import Unknown
from poetry_fti.report.data import Edge, History, Moment, Move, Package, Report, StagePoint
from poetry_fti.report.html import html
from poetry_fti.report.markup import Markup, element, text, void

if TYPE_CHECKING:
    from collections.abc import Mapping

VOID: Final = frozenset({"meta", "input"})
# The matrix leaves out their end tags, as HTML allows.
OPTIONAL: Final = frozenset({"tr", "td", "th"})
INLINE: Final = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class Page(HTMLParser):
    """A page whose elements have been matched: tags with attributes, and text by element."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1] in OPTIONAL and self.open[-1] != tag:
            self.open.pop()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def inside(self, tag: str) -> list[str]:
        return [data for name, data in self.texts if name == tag]


@cache
def small_page() -> str:
    return html(SMALL)


def data_of(page: str) -> Mapping[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    data: Mapping[str, Any] = json.loads(found[1])
    return data


def test_elements_are_matched_and_ids_are_unique() -> None:
    page = Page(small_page())
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [str(a["href"]).removeprefix("#") for _, a in page.tags if "href" in a]
    assert set(links) <= set(ids)


def test_each_section_has_its_content() -> None:
    page = Page(small_page())
    assert page.inside("h2") == [
        "Stages",
        "Packages",
        "Download size",
        "Image layers",
        "Findings",
        "History",
    ]
    assert page.inside("title")[0] == "demo: dependencies of the stages"
    assert page.inside("b") == ["3", "4", "3", "2", "1", "0"]
    assert page.inside("caption") == [
        "Packages in the stages",
        "Versions of all packages in the stages",
        "Heaviest packages of feature on linux/amd64",
        "Heaviest packages of training on linux/amd64",
        "Heaviest packages of inference on linux/amd64",
        "Layers of training, lowest first",
        "Layers of inference, lowest first",
        "Findings of the checks",
        "Locks from c0ffee0000 (2026-01-02) to the working tree",
        "Changes in the working tree",
    ]
    assert page.inside("summary") == [
        "feature: 2 kB in 1 package",
        "training: 620 MB in 3 packages",
        "inference: 15 MB in 2 packages",
        "training: 20 MB in 1 layer",
        "inference: 20 MB in 1 layer",
        "the working tree: training: 2 changes, inference: new",
        "c0ffee0000 (2026-01-02) Lock: 1 stage locked",
    ]


def test_rows_of_the_matrix_are_grouped_and_signed() -> None:
    page = small_page()
    groups = re.findall(r'<th scope="rowgroup" colspan="\d">(.*?)</th>', page)
    assert groups == ["In all stages (1)", "In some stages (2)", "In one stage (1)"]
    rows = re.findall(r"<tr(?: class=\w)?><th scope=row>.*?(?=<tr|</tbody>)", page)
    assert rows == [
        (
            "<tr><th scope=row><button type=button>app</button><td>same<td class=n>3/3"
            '<td class=n data-s=2000>2 kB<td class="d">1.0<td>1.0<td>1.0'
        ),
        (
            "<tr class=e><th scope=row><button type=button>numpy</button><td>✖ error<td class=n>2/3"
            '<td class=n data-s=20000000>20 MB<td><td>2.0<td class="b d">1.0'
        ),
        (
            "<tr class=f><th scope=row><button type=button>tool</button><td>≠ different"
            '<td class=n>2/3<td class=n data-s=0>-<td><td>1.1<td class="b">1.0'
        ),
        (
            "<tr><th scope=row><button type=button>torch</button><td>-<td class=n>1/3"
            '<td class=n data-s=600000000>600 MB<td><td class="d">2.5<td>'
        ),
    ]


def test_the_data_on_packages_refers_to_packages_and_sets_of_stages() -> None:
    assert data_of(small_page()) == {
        "stages": ["feature", "training", "inference"],
        "packages": ["app", "numpy", "tool", "torch"],
        "sets": [[0], [2], [1], [2, 1]],
        "edges": [
            [-1, 0, "(group feature)", 0],
            [-1, 1, "<2 (group inference)", 1],
            [-1, 3, "(group training)", 2],
            [1, 0, "", 3],
            [1, 2, ">=1", 3],
            [3, 1, '>=1; sys_platform == "linux"', 2],
        ],
        "notes": {"1": ["inference: pyproject.toml requires numpy <2"]},
        "moments": ["c0ffee0000 (2026-01-02)", "the working tree"],
        "moves": {"1": [[1, "training", "1.0", "2.0"]], "3": [[1, "training", "", "2.5"]]},
    }


def test_charts_have_a_text_and_segments_that_fill_them() -> None:
    page = small_page()
    assert 'aria-label="torch 600 MB; numpy 20 MB; app 2 kB"' in page
    widths = re.findall(r'<svg x="([\d.]+)%" width="([\d.]+)%"', page)
    assert widths[1:4] == [("0.00", "96.77"), ("96.77", "3.23"), ("100.00", "0.00")]


def test_hostile_texts_are_shown_and_not_interpreted() -> None:
    moment = Moment(
        commit=HOSTILE,
        date=HOSTILE,
        subject=HOSTILE,
        stages={
            HOSTILE: StagePoint(packages=1, download=1, moves=(Move(HOSTILE, HOSTILE, HOSTILE),))
        },
    )
    stage = replace(SMALL.stages[0], name=HOSTILE, python=HOSTILE, problem=HOSTILE)
    package = Package(
        name=HOSTILE,
        cells={HOSTILE: cell(HOSTILE, 1)},
        reasons=(HOSTILE,),
        findings=(HOSTILE,),
    )
    download = replace(stage.download, sizes=((HOSTILE, 1),), unknown=(HOSTILE,))
    hostile = Report(
        project=HOSTILE,
        stages=(replace(stage, download=download),),
        packages=(package,),
        edges=(Edge("", HOSTILE, HOSTILE, (HOSTILE,)),),
        images=tuple(
            replace(
                image,
                stage=HOSTILE,
                problem=HOSTILE,
                layers=tuple(
                    replace(layer, name=HOSTILE, holds=HOSTILE, reason=HOSTILE, stages=(HOSTILE,))
                    for layer in image.layers
                ),
            )
            for image in SMALL.images
        ),
        sharing=HOSTILE,
        findings=(replace(FINDING, message=HOSTILE, because=HOSTILE, fix=HOSTILE),),
        unknown=(Unknown(HOSTILE, HOSTILE),),
        history=History((moment,), HOSTILE),
    )
    page = html(hostile)
    plain = html(replace(SMALL, images=()))
    assert "<img" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert [tag for tag, _ in Page(page).tags].count("script") == 3
    allowed = {tag for tag, _ in Page(plain).tags}
    assert {tag for tag, _ in Page(page).tags} <= {*allowed, "details", "summary"}
    assert not [a for _, a in Page(page).tags if any(name.startswith("on") for name in a)]
    assert data_of(page)["packages"] == [HOSTILE]
    assert data_of(page)["notes"] == {"0": [HOSTILE, HOSTILE]}


def test_the_charts_of_the_history_are_read_out_with_units() -> None:
    points = [StagePoint(packages=count, download=count * 1_000_000) for count in (2, 3)]
    moments = [
        Moment(commit="c0ffee", date="2026-01-02", subject="", stages={"training": point})
        for point in points
    ]
    page = Page(html(replace(SMALL, history=History(tuple(moments), ""))))
    charts = [a["aria-label"] for tag, a in page.tags if tag == "svg" and a.get("class") == "spark"]
    assert charts == [
        "training: packages from 2 to 3, lowest 2, highest 3",
        "training: download from 2 MB to 3 MB, lowest 2 MB, highest 3 MB",
    ]


def test_the_policy_allows_the_page_s_own_style_and_scripts_only() -> None:
    page = small_page()
    policy = next(
        str(a["content"])
        for tag, a in Page(page).tags
        if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    )
    digests = {
        name: [
            f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
            for tag, content in INLINE.findall(page)
            if tag == name
        ]
        for name in ("style", "script")
    }
    assert policy == (
        f"default-src 'none'; style-src {digests['style'][0]};"
        f" script-src {' '.join(digests['script'])}; base-uri 'none'; form-action 'none'"
    )


def test_nothing_refers_to_another_file() -> None:
    page = small_page()
    assert not [a for _, a in Page(page).tags if {"src", "srcset", "style"}.intersection(a)]
    assert re.findall(r"(?i)@import|url\((?!#)|sourceMappingURL|\bfetch\(|XMLHttp", page) == []
    # The namespace of SVG is a name, and the library's licence says where the library is from.
    assert set(re.findall(r"https?://[\w./-]+", page)) == {
        "http://www.w3.org/2000/svg",
        "https://github.com/dagrejs/dagre",
    }


def test_the_licence_of_the_library_is_in_the_page() -> None:
    page = small_page()
    assert "dagre 3.1.3, https://github.com/dagrejs/dagre" in page
    assert "Copyright (c) 2012-2014 Chris Pettitt" in page
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in page


def test_the_same_report_is_the_same_page() -> None:
    assert html(SMALL) == small_page()
    assert "\r" not in small_page()
    assert small_page().endswith("</html>\n")


@pytest.mark.slow
def test_fifty_stages_of_two_thousand_packages_are_less_than_two_megabytes() -> None:
    assert len(html(large(50, 2000)).encode()) < 2_000_000


def test_a_project_without_a_lock_or_a_name() -> None:
    stage = replace(SMALL.stages[0], is_readable=False, problem="The lock is missing.")
    page = Page(html(Report(project="", stages=(stage,), packages=())))
    assert page.inside("title")[0] == "Project: dependencies of the stages"
    assert page.inside("li")[-1] == "The lock is missing."
    assert page.inside("p") == [
        "No lock contains a package.",
        "No sizes are known. `poetry fti lock` and `poetry fti image` look them up.",
        "0 errors, 0 warnings.",
    ]


def test_one_stage_is_not_grouped_by_sharing() -> None:
    package = Package(name="app", cells={"feature": cell("1.0")})
    page = html(Report(project="one", stages=SMALL.stages[:1], packages=(package,)))
    assert re.findall(r'<th scope="rowgroup" colspan="\d">(.*?)</th>', page) == ["In the stage (1)"]


def test_unknown_sizes_are_named() -> None:
    download = replace(SMALL.stages[0].download, unknown=("lib",))
    stage = replace(SMALL.stages[0], download=download)
    page = Page(html(replace(SMALL, stages=(stage, *SMALL.stages[1:]))))
    assert "The sizes of lib are not known." in page.inside("p")
    assert "≥ 2 kB" in page.inside("td")


def test_markup_is_escaped_once() -> None:
    inner = element("b", "<1>", title='"&')
    assert inner == '<b title="&quot;&amp;">&lt;1&gt;</b>'
    assert element("p", inner, " & ", Markup("<i>"), hidden=True, lang=None) == (
        f"<p hidden>{inner} &amp; <i></p>"
    )
    assert void("input", class_="a", aria_label="b", size=3, checked=False) == (
        '<input class="a" aria-label="b" size="3">'
    )
    assert text("a\nb\x00") == "a\\nb\\x00"


def test_the_script_is_strict_and_has_no_template_markers() -> None:
    page = resources("poetry_fti.report.page")
    assert (page / "report.js").read_text(encoding="utf-8").startswith('"use strict";\n')
    names = sorted(each.name for each in page.iterdir() if not each.name.startswith("__"))
    assert names == ["dagre.min.js", "report.css", "report.html", "report.js"]
