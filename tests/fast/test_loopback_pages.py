"""The pages of the loopback index, asked without a network."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.catalogue import Catalogue, File, Release, load
from loopback.negotiation import choose
from loopback.site import Site

if TYPE_CHECKING:
    from pathlib import Path

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"

SMALL = Catalogue(
    {
        "small-thing": (
            Release(
                "small-thing",
                "1.0",
                (
                    ("Metadata-Version", "2.4"),
                    ("Name", "Small.Thing"),
                    ("Version", "1.0"),
                    ("Requires-Dist", 'other >=1 ; extra == "a&b"'),
                ),
                (
                    File(
                        "small_thing-1.0-py3-none-any.whl",
                        "0" * 64,
                        10,
                        ">=3.9,<4",
                        "2026-01-01T00:00:00Z",
                        yanked="too <small>",
                    ),
                    File(
                        "small_thing-1.0.tar.gz",
                        "1" * 64,
                        11,
                        None,
                        "2026-01-02T00:00:00Z",
                        yanked=False,
                    ),
                ),
            ),
        )
    }
)
METADATA = b"""\
Metadata-Version: 2.4
Name: Small.Thing
Version: 1.0
Requires-Dist: other >=1 ; extra == "a&b"
"""
DIGEST = hashlib.sha256(METADATA).hexdigest()


@pytest.fixture
def site() -> Site:
    return Site(SMALL, "http://127.0.0.1:1/")


def read_json(site: Site, path: str) -> Any:  # noqa: ANN401 -- JSON
    return json.loads(site.answer(path, JSON).body)


def test_project_as_html(site: Site) -> None:
    answer = site.answer("/simple/small-thing/")
    assert answer.content_type == "text/html; charset=UTF-8"
    assert (
        answer.body.decode()
        == f"""\
<!DOCTYPE html>
<html><head><meta name="pypi:repository-version" content="1.1">\
<title>Links for small-thing</title></head><body>
<a href="../../files/small_thing-1.0-py3-none-any.whl#sha256={"0" * 64}" \
data-core-metadata="sha256={DIGEST}" data-requires-python="&gt;=3.9,&lt;4" \
data-yanked="too &lt;small&gt;">small_thing-1.0-py3-none-any.whl</a><br>
<a href="../../files/small_thing-1.0.tar.gz#sha256={"1" * 64}" \
data-core-metadata="sha256={DIGEST}">small_thing-1.0.tar.gz</a><br>
</body></html>
"""
    )


def test_project_as_json(site: Site) -> None:
    assert read_json(site, "/simple/small-thing/") == {
        "meta": {"api-version": "1.1"},
        "name": "small-thing",
        "versions": ["1.0"],
        "files": [
            {
                "filename": "small_thing-1.0-py3-none-any.whl",
                "url": "../../files/small_thing-1.0-py3-none-any.whl",
                "hashes": {"sha256": "0" * 64},
                "requires-python": ">=3.9,<4",
                "size": 10,
                "upload-time": "2026-01-01T00:00:00Z",
                "yanked": "too <small>",
                "core-metadata": {"sha256": DIGEST},
            },
            {
                "filename": "small_thing-1.0.tar.gz",
                "url": "../../files/small_thing-1.0.tar.gz",
                "hashes": {"sha256": "1" * 64},
                "requires-python": None,
                "size": 11,
                "upload-time": "2026-01-02T00:00:00Z",
                "yanked": False,
                "core-metadata": {"sha256": DIGEST},
            },
        ],
    }


def test_list_of_projects(site: Site) -> None:
    assert read_json(site, "/simple/") == {
        "meta": {"api-version": "1.1"},
        "projects": [{"name": "small-thing"}],
    }
    assert '<a href="small-thing/">small-thing</a>' in site.answer("/simple/").body.decode()


@pytest.mark.parametrize("path", ["/pypi/small-thing/1.0/json", "/pypi/Small.Thing/1/json"])
def test_release_as_json(site: Site, path: str) -> None:
    assert read_json(site, path) == {
        "info": {
            "name": "Small.Thing",
            "version": "1.0",
            "summary": "",
            "requires_dist": ['other >=1 ; extra == "a&b"'],
            "requires_python": None,
            "provides_extra": None,
            "yanked": False,
            "yanked_reason": None,
        },
        "last_serial": 1,
        "urls": [
            {
                "filename": "small_thing-1.0-py3-none-any.whl",
                "url": "http://127.0.0.1:1/files/small_thing-1.0-py3-none-any.whl",
                "packagetype": "bdist_wheel",
                "digests": {"sha256": "0" * 64},
                "requires_python": ">=3.9,<4",
                "size": 10,
                "upload_time": "2026-01-01T00:00:00",
                "upload_time_iso_8601": "2026-01-01T00:00:00Z",
                "yanked": True,
                "yanked_reason": "too <small>",
            },
            {
                "filename": "small_thing-1.0.tar.gz",
                "url": "http://127.0.0.1:1/files/small_thing-1.0.tar.gz",
                "packagetype": "sdist",
                "digests": {"sha256": "1" * 64},
                "requires_python": None,
                "size": 11,
                "upload_time": "2026-01-02T00:00:00",
                "upload_time_iso_8601": "2026-01-02T00:00:00Z",
                "yanked": False,
                "yanked_reason": None,
            },
        ],
        "vulnerabilities": [],
    }


def test_project_json_lists_its_releases(site: Site) -> None:
    page = read_json(site, "/pypi/small-thing/json")
    assert page["releases"] == {"1.0": page["urls"]}


@pytest.mark.parametrize("name", ["small_thing-1.0-py3-none-any.whl", "small_thing-1.0.tar.gz"])
def test_metadata_of_every_kind_of_file(site: Site, name: str) -> None:
    assert site.answer(f"/files/{name}.metadata").body == METADATA


@pytest.mark.parametrize("path", ["/simple/Small.Thing/", "/simple/small-thing"])
def test_other_spellings_are_redirected(site: Site, path: str) -> None:
    answer = site.answer(path)
    assert answer.status == HTTPStatus.MOVED_PERMANENTLY
    assert answer.headers == {"Location": "http://127.0.0.1:1/simple/small-thing/"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/simple/other/",
        "/files/small_thing-1.0.tar.gz",
        "/files/other-1.0.tar.gz",
        "/files/other-1.0.tar.gz.metadata",
        "/pypi/other/json",
        "/pypi/small-thing/2.0/json",
    ],
)
def test_what_is_not_there(site: Site, path: str) -> None:
    assert site.answer(path).status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        (JSON, JSON),
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
        (f"text/html, {JSON};q=0.5", "text/html"),
        (f"{HTML}, {JSON};q=0", HTML),
        (f"{JSON};q=nonsense", "text/html"),
    ],
)
def test_negotiation(accept: str, chosen: str) -> None:
    assert choose(accept) == chosen


def test_only_named_projects_are_kept() -> None:
    assert (SMALL | load()).only(["Small_Thing"]) == SMALL


@cache
def recorded() -> Site:
    return Site(load(), "http://127.0.0.1:1/")


def recorded_files() -> list[tuple[str, str, str]]:
    return [
        (name, release.version, file.filename)
        for name, releases in load().projects.items()
        for release in releases
        for file in release.files
    ]


@settings(deadline=None)
@given(st.deferred(lambda: st.sampled_from(recorded_files())))
def test_every_recorded_file_is_found_by_its_pages(file: tuple[str, str, str]) -> None:
    name, version, filename = file
    page = f"/simple/{name}/"
    (simple,) = (
        each for each in read_json(recorded(), page)["files"] if each["filename"] == filename
    )
    assert urljoin(page, simple["url"]) == f"/files/{filename}"
    metadata = recorded().answer(f"/files/{filename}.metadata").body
    assert simple["core-metadata"] == {"sha256": hashlib.sha256(metadata).hexdigest()}
    assert f">{filename}</a>" in recorded().answer(page).body.decode()
    (url,) = (
        each
        for each in read_json(recorded(), f"/pypi/{name}/{version}/json")["urls"]
        if each["filename"] == filename
    )
    assert url["digests"] == simple["hashes"]


def test_a_built_file_is_served(built_artifacts: Path) -> None:
    site = Site(
        load(built_artifacts / "public.json", archives=built_artifacts), "http://127.0.0.1:1/"
    )
    for file in read_json(site, "/simple/native/")["files"]:
        content = site.answer(f"/files/{file['filename']}").body
        assert len(content) == file["size"]
        assert {"sha256": hashlib.sha256(content).hexdigest()} == file["hashes"]
