"""What is requested from package indexes, what is kept of it, and errors of an index."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import pytest
from poetry.config.config import Config
from poetry.puzzle.provider import Provider
from poetry.repositories.http_repository import HTTPRepository
from poetry.utils.authenticator import Authenticator

from fast.exporters.canned import package, stage
from loopback.site import Answer
from memory_index import DEFAULT, Recorder
from poetry_fti.bridge.project.sources import hide_credentials
from poetry_fti.bridge.solving.workers import assignment
from poetry_fti.model.licenses import LicenseMetadata
from poetry_fti.model.login import Login
from poetry_fti.model.origins import GitOrigin
from small_index import pyproject

if TYPE_CHECKING:
    from memory_index import MemoryProject
    from poetry_fti.operations.feedback import Verbosity
    from small_index import Releases

RELEASES: Final[Releases] = {
    "app 1.0": ["lib"],
    "app 2.0": ["lib", "mid"],
    "lib 1.0": [],
    "mid 1.0": [],
}
GROUPS: Final = {"feature": ["app"], "training": ["lib"]}
CORP: Final = "corp.example"
URL: Final = f"https://{DEFAULT}"
UNKNOWN: Final = "Because demo depends on lib (*) which doesn't match any versions"
MIRROR: Final = (
    "If a mirror without the metadata of releases answers for PyPI, make it a source of the"
    " project: `poetry source add --priority=primary mirror URL`."
)
KNOWS_AGES: Final = "min-release-age" in Config.default_config["solver"]
FAILING: Final = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, headers={"Retry-After": "0"})
SOURCE: Final = f"""\
[[tool.poetry.source]]
name = "corp"
url = "https://{CORP}/simple/"
priority = "{{}}"
"""
EXPLICIT: Final = (
    SOURCE.format("explicit")
    + '[tool.poetry.group.feature.dependencies]\napp = {version = "*", source = "corp"}\n'
)


def errors(demo: MemoryProject) -> dict[str, str]:
    return {stage: str(result.error) for stage, result in demo.lock().items() if result.error}


def sources(demo: MemoryProject, stage: str) -> dict[str, str | None]:
    """Return the name of the index of each locked package; None for the default index."""
    project = demo.load()
    (found,) = project.select([stage])
    return {package.name: package.origin.name for package in project.locked(found).packages}  # type: ignore[union-attr]


@pytest.mark.slow
def test_stages_share_what_is_requested(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject(GROUPS))
    demo.lock()
    assert set(Counter(demo.index.requests).values()) == {1}


@pytest.mark.slow
def test_metadata_of_a_release_is_requested_once_ever(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject(GROUPS))
    demo.lock()
    demo.index.requests.clear()
    demo.lock(regenerate=True)
    assert set(demo.index.requests) == {"/simple/app/", "/simple/lib/", "/simple/mid/"}


def test_fresh_pages_are_read_from_the_cache(demo: MemoryProject) -> None:
    demo.index.max_age = 600
    demo.index.offer(RELEASES)
    demo.write(pyproject(GROUPS))
    demo.lock()
    demo.index.requests.clear()
    demo.lock(regenerate=True)
    assert demo.index.requests == []
    assert demo.locked == {"feature": "app 2.0, lib 1.0, mid 1.0", "training": "lib 1.0"}


@pytest.mark.slow
def test_a_slow_index_is_asked_in_advance(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.index.latency = 0.005
    demo.write(pyproject({"feature": ["app"]}))
    demo.lock()
    assert demo.locked == {"feature": "app 2.0, lib 1.0, mid 1.0"}
    assert set(Counter(demo.index.requests).values()) == {1}


@pytest.mark.slow
def test_an_index_with_pages_in_html(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": [], "mid 1.0": []})
    demo.index.offer({"app 1.0": ["lib"], "app 2.0": ["lib", "yanked"], "other 1.0": []}, CORP)
    demo.write(pyproject({"feature": ["app", "mid"]}, EXPLICIT))
    demo.lock()
    assert demo.locked == {"feature": "app 1.0, lib 1.0, mid 1.0"}
    assert sources(demo, "feature") == {"app": "corp", "lib": None, "mid": None}


@pytest.mark.slow
def test_a_supplemental_index_is_used_for_what_the_first_lacks(demo: MemoryProject) -> None:
    demo.index.offer({"app 2.0": ["lib"], "zoo 1.0": []}, CORP)
    demo.index.offer({"app 1.0": ["lib"], "lib 1.0": []})
    demo.write(pyproject({"feature": ["app", "zoo"]}, SOURCE.format("supplemental")))
    demo.lock()
    assert sources(demo, "feature") == {"app": None, "lib": None, "zoo": "corp"}


def test_a_source_that_the_project_does_not_have(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    table = '[tool.poetry.group.feature.dependencies]\napp = {version = "*", source = "corp"}\n'
    demo.write(pyproject({"feature": [], "training": ["lib"]}, table))
    assert list(errors(demo)) == ["feature"]
    assert demo.locked == {"training": "lib 1.0"}


def test_a_failing_index_is_reported_once_and_not_asked_again(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.index.failures["/simple/"] = FAILING
    demo.write(pyproject(GROUPS))
    assert errors(demo) == {
        "feature": f"The package index failed: {URL}/simple/app/ answered 500.",
        "training": "not tried: it would wait for the same server",
    }
    # One more if the page is prefetched.
    assert Counter(demo.index.requests)["/simple/app/"] in (6, 7)
    assert demo.locked == {}


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
def test_a_failing_index_is_reported_once_by_several_processes(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.index.failures["/simple/"] = FAILING
    demo.write(pyproject(GROUPS))
    found = demo.lock(feedback=Recorder(0))
    assert [str(result.error).partition(":")[0] for result in found.values()] == [
        "The package index failed",
        "not tried",
    ]


def test_an_unreachable_index(demo: MemoryProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Authenticator, "_get_backoff", lambda *_: 0)
    demo.write(pyproject(GROUPS))
    found = errors(demo)
    assert found["feature"].splitlines()[0] == f"All attempts to connect to {DEFAULT} failed."
    assert found["training"] == "not tried: it would wait for the same server"


@pytest.mark.slow
@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize("verbosity", [0, 1])
@pytest.mark.parametrize("plain_path", [False, True])
@pytest.mark.parametrize("priority", ["explicit", "supplemental"])
def test_a_failing_index_fails_only_the_stages_that_need_it(
    demo: MemoryProject,
    monkeypatch: pytest.MonkeyPatch,
    priority: str,
    verbosity: Verbosity,
    *,
    plain_path: bool,
) -> None:
    monkeypatch.setattr(Authenticator, "_get_backoff", lambda *_: 0)
    if plain_path:
        monkeypatch.setattr(assignment, "plain_path_notice", lambda: "as demanded")
    demo.index.offer({name: needs for name, needs in RELEASES.items() if name != "app 2.0"})
    groups = {"feature": ["zoo"], "training": ["lib"], "inference": ["app", "zoo"]}
    from_corp = '[tool.poetry.group.{}.dependencies]\nzoo = {{version = "*", source = "corp"}}\n'
    explicit = [from_corp.format(stage) for stage in ("feature", "inference")]
    tables = [SOURCE.format(priority), *(explicit if priority == "explicit" else ())]
    demo.write(pyproject(groups, "".join(tables)))
    found = demo.lock(feedback=Recorder(verbosity))
    failures = {stage: str(each.error).splitlines()[0] for stage, each in found.items()}
    assert failures == {
        "feature": f"All attempts to connect to {CORP} failed.",
        "training": "None",
        "inference": "not tried: it would wait for the same server",
    }
    assert demo.locked == {"training": "lib 1.0"}


TYPICAL: Final = {"a page without files", "an unknown package"}
UNUSABLE: Final = {
    "a refusal": (
        "/simple/lib/",
        Answer(HTTPStatus.FORBIDDEN),
        f"The package index failed: {URL}/simple/lib/ answered 403.\n{UNKNOWN},",
    ),
    "no page": (
        "/simple/lib/",
        Answer(HTTPStatus.OK, body=b"no page"),
        f"{URL}/simple/lib/ returned a response that is not an index page: Expecting value:",
    ),
    "a page without files": (
        "/simple/lib/",
        Answer(HTTPStatus.OK, body=b'{"meta": {}}'),
        f"{URL}/simple/lib/ returned an incomplete response (KeyError('files')).",
    ),
    "a page without links": (
        "/simple/lib/",
        Answer(HTTPStatus.NOT_FOUND, "text/html", body=b"<html></html>"),
        f"The package index failed: {URL}/simple/lib/ answered with a page without links.\n",
    ),
    "an unknown package": ("/simple/lib/", Answer(HTTPStatus.NOT_FOUND), UNKNOWN),
    "missing metadata": (
        "/pypi/lib/1.0/json",
        Answer(HTTPStatus.NOT_FOUND),
        f"The package index failed: {URL}/pypi/lib/1.0/json answered 404. {MIRROR}\nPackage lib",
    ),
    "incomplete metadata": (
        "/pypi/lib/1.0/json",
        Answer(HTTPStatus.OK, body=b'{"info": {"name": "lib"}}'),
        f"{URL}/pypi/lib/1.0/json returned an incomplete response (KeyError('version')).",
    ),
}


@pytest.mark.parametrize(
    ("path", "answer", "error"),
    [
        pytest.param(*case, id=name, marks=[] if name in TYPICAL else [pytest.mark.slow])
        for name, case in UNUSABLE.items()
    ],
)
def test_an_answer_that_is_of_no_use_is_named(
    demo: MemoryProject, path: str, answer: Answer, error: str
) -> None:
    demo.index.offer(RELEASES)
    demo.index.failures[path] = answer
    demo.write(pyproject({"training": ["lib"]}))
    assert errors(demo)["training"].startswith(error)


def test_an_error_of_the_solver_is_none_of_an_index(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AttributeError("a bug")

    monkeypatch.setattr(Provider, "incompatibilities_for", fail)
    demo.index.offer(RELEASES)
    demo.write(pyproject(GROUPS))
    with pytest.raises(AttributeError, match=r"^a bug$"):
        demo.lock()


@pytest.mark.parametrize(
    ("stages", "plain_path"),
    [((), False), pytest.param(["training"], True, marks=pytest.mark.slow)],
    ids=["all stages", "one of them, without private names"],
)
def test_versions_from_a_source_that_was_removed_are_kept(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch, stages: list[str], *, plain_path: bool
) -> None:
    if plain_path:
        monkeypatch.setattr(assignment, "plain_path_notice", lambda: "as demanded")
    older = {"app 1.0": ["lib"], "lib 1.0": []}
    demo.index.offer(older, CORP)
    demo.write(pyproject(GROUPS, SOURCE.format("primary")))
    demo.lock()
    demo.index.offer({**older, "app 2.0": ["lib"], "lib 2.0": []})
    demo.write(pyproject(GROUPS))
    demo.lock(*stages)
    assert demo.locked == {"feature": "app 1.0, lib 1.0", "training": "lib 1.0"}
    assert sources(demo, "training") == {"lib": None}


@pytest.mark.slow
def test_credentials_go_to_the_index_and_into_no_lock(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POETRY_HTTP_BASIC_CORP_USERNAME", "reader")
    monkeypatch.setenv("POETRY_HTTP_BASIC_CORP_PASSWORD", "s3cret")
    demo.index.offer({"lib 1.0": []})
    demo.index.offer({"app 1.0": ["lib"]}, CORP)
    demo.write(pyproject({"feature": ["app"]}, EXPLICIT))
    demo.lock()
    project = demo.load()
    locked = project.locked(project.stages[0])
    assert project.poetry.logins([locked]) == (Login(CORP, "reader", "s3cret"),)
    text = (demo.root / "fti/feature/poetry.lock").read_text(encoding="utf-8")
    assert "s3cret" not in text


@pytest.mark.slow
def test_files_are_found_with_their_urls_and_sizes(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject({"feature": ["lib"]}))
    demo.lock()
    project = demo.load()
    packages = project.locked(project.stages[0]).packages
    (file,) = project.poetry.find_files(packages).values()
    assert (file.name, file.url, file.size, file.upload_time) == (
        "lib-1.0-py3-none-any.whl",
        f"{URL}/files/lib-1.0-py3-none-any.whl",
        1000,
        "2026-01-01T00:00:00Z",
    )
    demo.clear_cache()
    demo.index.offer({"mid 1.0": []})
    assert demo.load().poetry.find_files(packages) == {}  # the index no longer has the release


def test_licenses_are_in_the_metadata_of_an_index(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": ["License: MIT"]})
    demo.write(pyproject({"training": ["lib"]}))
    demo.lock()
    project = demo.load()
    found = project.poetry.find_licenses(project.locked(project.stages[0]).packages)
    assert list(found) == [LicenseMetadata(text="MIT")]


def test_a_package_that_is_refused_access_to(demo: MemoryProject) -> None:
    demo.index.offer({"lib 1.0": []})
    demo.index.offer({"app 1.0": ["lib"]}, CORP)
    demo.index.failures["/simple/app/"] = Answer(HTTPStatus.UNAUTHORIZED)
    demo.write(pyproject({"feature": ["app"]}, EXPLICIT))
    assert errors(demo)["feature"].splitlines()[0] == (
        f"The package index failed: https://{CORP}/simple/app/ answered 401. Set"
        " POETRY_HTTP_BASIC_CORP_USERNAME and POETRY_HTTP_BASIC_CORP_PASSWORD, or run"
        " `poetry config http-basic.corp USERNAME PASSWORD`."
    )


@pytest.mark.skipif(not KNOWS_AGES, reason="Poetry before 2.4 does not know the age of a release")
def test_releases_that_are_too_new_are_left_out(
    demo: MemoryProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POETRY_SOLVER_MIN_RELEASE_AGE", "36500")
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["lib"], "feature": ["nowhere"]}))
    assert list(errors(demo)) == ["feature", "training"]


def test_a_response_without_its_body_in_the_cache_is_requested_again(demo: MemoryProject) -> None:
    demo.index.cached_in_files = True
    demo.index.max_age = 600
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["lib"]}))
    demo.lock()
    demo.index.requests.clear()
    bodies = [path for path in demo.cache.rglob("*.body") if path.is_file()]
    for path in bodies:
        path.unlink()
    demo.lock(regenerate=True)
    assert demo.index.requests == (["/simple/lib/"] if bodies else [])
    assert demo.locked == {"training": "lib 1.0"}


@pytest.mark.slow
def test_an_index_lacks_a_release_that_is_in_a_lock(demo: MemoryProject) -> None:
    demo.index.offer({"mid 1.0": []})
    demo.index.offer({"app 1.0": [], "app 2.0": []}, CORP)
    demo.write(pyproject({"feature": ["app"]}, EXPLICIT))
    demo.lock()
    demo.clear_cache()
    demo.index.offer({"mid 1.0": []}, CORP)
    demo.write(pyproject({"feature": ["app", "mid"]}, EXPLICIT))
    assert list(errors(demo)) == ["feature"]
    assert demo.locked == {"feature": "app 2.0"}


def test_credentials_in_the_url_of_a_source_are_hidden(demo: MemoryProject) -> None:
    source = SOURCE.format("explicit").replace(CORP, f"reader:s3cret@{CORP}")
    demo.write(pyproject({"feature": []}, source))
    poetry = demo.index.create_poetry(demo.root)
    hide_credentials(poetry)
    (corp,) = (each for each in poetry.pool.all_repositories if each.name == "corp")
    assert isinstance(corp, HTTPRepository)
    assert corp.url == f"https://{CORP}/simple"
    credential = corp.session.get_credentials_for_url(corp.url)
    assert (credential.username, credential.password) == ("reader", "s3cret")


def test_logins_of_git_repositories(demo: MemoryProject) -> None:
    demo.write(pyproject({"feature": []}))
    urls = ("https://jo:s3cret@git.example/a.git", "https://jo@git.example/b.git", "ssh://git@c/d")
    packages = [package("tool", origin=GitOrigin(url, "c0ffee")) for url in urls]
    assert demo.load().poetry.logins([stage(*packages)]) == (Login("git.example", "jo", "s3cret"),)
