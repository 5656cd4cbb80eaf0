"""Licenses in SBOMs: where they come from, what is requested, and what is reported."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import pytest
from poetry.utils.authenticator import Authenticator

from loopback.site import Answer
from memory_commands import run
from memory_index import DEFAULT
from poetry_fti.errors import IndexFailedError
from poetry_fti.operations.export import ExportRequest, differences, render
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from small_index import Releases

pytestmark = pytest.mark.slow

CORP: Final = "corp.example"
RELEASES: Final[Releases] = {
    "expressed 1.0": ["License-Expression: mit or apache-2.0", "classified"],
    "classified 1.0": [
        "Classifier: License :: OSI Approved",
        "Classifier: License :: OSI Approved :: MIT License",
        "Classifier: License :: OSI Approved :: BSD License",
        "Classifier: Programming Language :: Python",
    ],
    "silent 1.0": [],
}
CORPORATE: Final[Releases] = {
    "named 1.0": ["License: Corporate License 2"],
    "typical 1.0": ["License: BSD-3-Clause", "wheel cp311-cp311-win_amd64", "wheel py3-none-any"],
}
SETTINGS: Final = f"""\
[[tool.poetry.source]]
name = "corp"
url = "https://{CORP}/simple/"
priority = "supplemental"
[tool.poetry.group.training.dependencies]
tree = {{path = "tree"}}
"""
GROUPS: Final = {
    "feature": ["expressed"],
    "training": ["expressed", "named", "typical", "silent", "tree"],
}
EXPORT: Final = ("export", "--format", "cyclonedx")
ALL: Final = {
    "classified": [{"id": "MIT"}, {"name": "BSD License"}],
    "expressed": ["MIT OR Apache-2.0"],
    "named": [{"name": "Corporate License 2"}],
    "silent": [],
    "tree": [],
    "typical": [{"id": "BSD-3-Clause"}],
}


@pytest.fixture
def licensed(demo: MemoryProject) -> MemoryProject:
    """A locked project with packages from two indexes and from a folder."""
    demo.index.offer(RELEASES)
    demo.index.offer(CORPORATE, CORP)
    folder = demo.root / "tree"
    folder.mkdir()
    text = '[project]\nname = "tree"\nversion = "1"\n'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    (folder / "tree.py").write_text("", encoding="utf-8")
    demo.write(pyproject(GROUPS, SETTINGS))
    assert not any(each.error for each in demo.lock().values())
    demo.index.requests.clear()
    return demo


def licenses(demo: MemoryProject, stage: str = "training") -> dict[str, list[Any]]:
    """Return the licenses of each package in a stage's SBOM, which are all declared."""
    path = demo.root / f"fti/{stage}/{stage}.cdx.json"
    components = json.loads(path.read_text(encoding="utf-8"))["components"]
    return {
        each["name"]: [_declared(license_) for license_ in each.get("licenses", ())]
        for each in components
        if each["type"] == "library"
    }


def _declared(choice: dict[str, Any]) -> object:
    written = choice.get("license", choice)
    assert written.pop("acknowledgement") == "declared"
    return written.get("expression", written)


def test_licenses_come_from_the_index_of_each_package(licensed: MemoryProject) -> None:
    ended = run(licensed, *EXPORT)
    assert ended.output == (
        "wrote     fti/feature/feature.cdx.json\nwrote     fti/training/training.cdx.json\n"
    )
    assert ended.errors == (
        "Warning: 2 packages have no license in the SBOM: none declared (silent), not from an index"
        " (tree).\n"
    )
    assert licenses(licensed) == ALL
    assert licenses(licensed, "feature") == {
        name: ALL[name] for name in ("classified", "expressed")
    }


def test_what_poetry_has_requested_to_lock_is_not_requested_again(licensed: MemoryProject) -> None:
    assert run(licensed, *EXPORT).code == 0
    # Pages may have changed; the metadata of a release does not change.
    assert set(licensed.index.requests) == {"/simple/named/", "/simple/typical/"}


def test_licenses_are_looked_up_once(licensed: MemoryProject) -> None:
    first = run(licensed, *EXPORT)
    text = (licensed.root / "fti/training/training.cdx.json").read_text(encoding="utf-8")
    licensed.index.sites.clear()
    licensed.index.answers.data.clear()
    again = run(licensed, *EXPORT)
    assert (again.code, again.errors) == (0, first.errors)
    assert again.output == (
        "unchanged fti/feature/feature.cdx.json\nunchanged fti/training/training.cdx.json\n"
    )
    assert (licensed.root / "fti/training/training.cdx.json").read_text(encoding="utf-8") == text


def test_a_check_needs_no_index(licensed: MemoryProject) -> None:
    assert run(licensed, *EXPORT).code == 0
    licensed.clear_cache()
    licensed.index.sites.clear()
    ended = run(licensed, *EXPORT, "--check")
    assert (ended.code, ended.output) == (0, "2 files checked: all up to date.\n")
    assert ended.errors == ""
    assert run(licensed, "check", "--only", "exported").output == "1 check run: nothing found.\n"


def test_an_sbom_from_before_its_licenses_were_known_is_not_outdated(
    licensed: MemoryProject,
) -> None:
    cached = dict(licensed.index.answers.data)
    licensed.index.answers.data.clear()
    missing = Answer(HTTPStatus.NOT_FOUND)
    licensed.index.failures.update({"/pypi/": missing, "/simple/": missing})
    assert "6 packages have no license" in run(licensed, *EXPORT).errors
    licensed.index.failures.clear()
    licensed.index.answers.data.update(cached)
    assert run(licensed, *EXPORT, "--check").code == 0
    assert run(licensed, *EXPORT).code == 0
    assert licenses(licensed) == ALL


def test_a_license_that_was_edited_is_outdated(licensed: MemoryProject) -> None:
    assert run(licensed, *EXPORT).code == 0
    path = licensed.root / "fti/training/training.cdx.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"MIT"', '"ISC"'), encoding="utf-8")
    project = licensed.load()
    request = ExportRequest(stages=project.stages, formats=("cyclonedx",), check=True)
    (difference,) = differences(project, render(project, request))
    changed = [line for line in difference.diff.splitlines() if line[0] in "+-"][2:]
    assert len(changed) == 2
    assert all('"serialNumber"' in line for line in changed)  # computed from the content
    assert run(licensed, *EXPORT).code == 0
    assert licenses(licensed) == ALL


def test_an_index_that_is_unreachable_is_named(
    licensed: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Authenticator, "_get_backoff", lambda *_: 0)
    licensed.clear_cache()
    licensed.index.sites.clear()
    project = licensed.load()
    request = ExportRequest(stages=project.stages, formats=("cyclonedx",))
    with pytest.raises(IndexFailedError, match="All attempts to connect to"):
        render(project, request)


@pytest.mark.parametrize("part", ["typical-1.0-py3-none-any.whl.metadata", "/simple/typical/"])
@pytest.mark.parametrize(
    "answer", [Answer(HTTPStatus.NOT_FOUND), Answer(HTTPStatus.OK, "text/html", b"<a>other</a>")]
)
def test_metadata_that_is_missing_or_another_is_reported(
    licensed: MemoryProject, part: str, answer: Answer
) -> None:
    licensed.clear_cache()
    licensed.index.failures[part] = answer
    assert run(licensed, *EXPORT).errors == (
        "Warning: 3 packages have no license in the SBOM: none declared (silent), no metadata in"
        " the index (typical), not from an index (tree).\n"
    )
    assert licenses(licensed) == {**ALL, "typical": []}


def test_wheels_are_not_read_if_poetry_must_not(
    licensed: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    licensed.clear_cache()
    licensed.index.failures[".metadata"] = Answer(HTTPStatus.NOT_FOUND)
    assert "no metadata in the index (named and typical)" in run(licensed, *EXPORT).errors
    assert any(path.endswith(".whl") for path in licensed.index.requests)
    licensed.index.requests.clear()
    monkeypatch.setenv("POETRY_SOLVER_LAZY_WHEEL", "false")
    assert "no metadata in the index (named and typical)" in run(licensed, *EXPORT).errors
    assert not any(path.endswith(".whl") for path in licensed.index.requests)


def test_an_index_that_fails_to_return_a_wheel_is_named(licensed: MemoryProject) -> None:
    licensed.clear_cache()
    licensed.index.failures[".metadata"] = Answer(HTTPStatus.NOT_FOUND)
    failing = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, headers={"Retry-After": "0"})
    licensed.index.failures["/files/named"] = failing
    ended = run(licensed, *EXPORT)
    url = f"https://{CORP}/files/named-1.0-py3-none-any.whl"
    assert (ended.code, ended.errors) == (1, f"The package index failed: {url} answered 500.\n")


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"license": "MIT", "license_expression": None, "classifiers": None}, [{"id": "MIT"}]),
        ({"license": 7, "license_expression": ["MIT"], "classifiers": "License :: MIT"}, []),
        ({"classifiers": [1, None, "License :: Freeware"]}, [{"name": "Freeware"}]),
        ({"license": "A\ud800\u202e\tB"}, [{"name": "A\\ud800\\u202e\\tB"}]),
        ({}, []),
    ],
)
def test_fields_of_the_wrong_type_count_as_missing(
    licensed: MemoryProject, info: dict[str, Any], expected: list[Any]
) -> None:
    licensed.clear_cache()
    body = json.dumps({"info": info}).encode()
    licensed.index.failures["/pypi/silent/1.0/json"] = Answer(HTTPStatus.OK, body=body)
    assert run(licensed, *EXPORT).code == 0
    assert licenses(licensed)["silent"] == expected


def test_a_response_that_is_no_metadata_is_named(licensed: MemoryProject) -> None:
    licensed.clear_cache()
    licensed.index.failures["/pypi/silent/1.0/json"] = Answer(HTTPStatus.OK, body=b"[]")
    ended = run(licensed, *EXPORT)
    assert ended.code == 1
    assert ended.errors == (
        f"https://{DEFAULT}/pypi/silent/1.0/json returned an incomplete response"
        " (TypeError('list indices must be integers or slices, not str')).\n"
    )


def test_other_formats_look_up_no_licenses(licensed: MemoryProject) -> None:
    licensed.clear_cache()
    assert run(licensed, "export", "--format", "requirements").errors == ""
    assert licensed.index.requests == []
