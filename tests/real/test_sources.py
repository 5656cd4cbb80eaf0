"""Sources as they are in the wild: with a login, old, without metadata, or seen through a cache."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from poetry.config.config import Config

from awkward_index import Manners, desk, wide, with_wheels
from loopback.catalogue import Catalogue
from loopback.index import CREDENTIALS
from small_index import catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from awkward_index import Desk

USER, PASSWORD = CREDENTIALS
LOGIN: Final = {
    "POETRY_HTTP_BASIC_CORP_USERNAME": USER,
    "POETRY_HTTP_BASIC_CORP_PASSWORD": PASSWORD,
}
GUARDED: Final = Manners(guarded=True)
KNOWS_AGES: Final = "min-release-age" in Config.default_config["solver"]


def statuses(project: Desk) -> set[int]:
    return {request.status for request in project.index.requests}


# Logins


def test_what_is_fetched_ahead_is_asked_for_with_the_login(tmp_path: Path) -> None:
    with desk(tmp_path, wide(8), GUARDED, settings=LOGIN) as project:
        result = project.run("fti", "lock", "-vvv")
        assert result.code == 0
        assert project.index.most > 1
        assert statuses(project) == {200}
        lock = project.path.read_bytes()
        assert PASSWORD not in result.output + result.errors
        assert PASSWORD.encode() not in lock
        assert lock == project.plain()


def test_a_login_in_poetrys_own_settings(tmp_path: Path) -> None:
    with desk(tmp_path, wide(2), GUARDED) as project:
        project.poetry.ok(project.root, "config", "--local", "http-basic.corp", USER, PASSWORD)
        assert PASSWORD.encode() not in project.lock()
        assert statuses(project) == {200}


def test_a_wrong_login_is_told_with_its_source(tmp_path: Path) -> None:
    wrong = LOGIN | {"POETRY_HTTP_BASIC_CORP_PASSWORD": "wr0ng"}
    with desk(tmp_path, wide(2), GUARDED, settings=wrong) as project:
        result = project.run("fti", "lock")
        url = f"{project.index.url}guarded/simple/app/"
        assert (result.code, result.output, result.errors) == (
            1,
            "",
            (
                f"Source (corp): Authorization error accessing {url}\n"
                f"feature: The package index failed: {url} answered 401. Set"
                " POETRY_HTTP_BASIC_CORP_USERNAME and POETRY_HTTP_BASIC_CORP_PASSWORD, or run"
                " `poetry config http-basic.corp USERNAME PASSWORD`.\n"
                "Because demo depends on app (*) which doesn't match any versions,"
                " version solving failed.\n"
            ),
        )
        assert not project.path.exists()


# What an index can do


def test_an_old_index_with_pages_in_html_only(tmp_path: Path) -> None:
    offered = with_wheels(wide(6), tmp_path)
    old = Manners(json=False, metadata=False)
    with desk(tmp_path, offered, old) as project:
        lock = project.lock()
        downloads = {path: n for path, n in project.index.asked.items() if path.endswith(".whl")}
        # No older version is downloaded, and one whose metadata is known is not again.
        assert len(downloads) == 8
        assert not any("-1.0-" in path for path in downloads if "part" in path)
        assert lock == project.plain()


@pytest.mark.parametrize("lazy", [True, False])
def test_wheels_without_metadata_of_their_own(tmp_path: Path, *, lazy: bool) -> None:
    offered = with_wheels(wide(4), tmp_path)
    setting = {"POETRY_SOLVER_LAZY_WHEEL": str(lazy).lower()}
    manners = Manners(metadata=False, ranges=True)
    with desk(tmp_path, offered, manners, settings=setting) as project:
        lock = project.lock()
        wheels = [each for each in project.index.requests if each.path.endswith(".whl")]
        assert len({each.path for each in wheels}) == 6
        if lazy:
            assert {each.status for each in wheels} == {206}
        else:
            assert {each.status for each in wheels} == {200}
            assert len(wheels) == 6
        assert lock == project.plain()


def test_each_source_is_asked_once_for_what_it_may_have(tmp_path: Path) -> None:
    with desk(tmp_path, wide(4)) as project:
        # The first has nothing; the last need not be asked, as the others have everything.
        before = f'[[tool.poetry.source]]\nname = "empty"\nurl = "{project.index.url}empty/"\n'
        after = before.replace("empty", "rest") + 'priority = "supplemental"\n'
        path = project.root / "pyproject.toml"
        start, table, source = path.read_text(encoding="utf-8").partition("[[tool.poetry.source]]")
        path.write_text(f"{start}{before}{table}{source}{after}", encoding="utf-8")
        project.lock()
        asked = project.index.asked
        assert {url.split("/")[1] for url in asked} == {"empty", "simple", "files"}
        assert set(asked.values()) == {1}
        assert project.index.most > 1


@pytest.mark.skipif(not KNOWS_AGES, reason="this Poetry does not know min-release-age")
def test_releases_that_are_too_young_are_not_taken(tmp_path: Path) -> None:
    offered = catalogue(wide(8))
    young = {
        name: tuple(
            replace(release, files=(replace(file, upload_time="2199-01-01T00:00:00Z"),))
            if release.version == "2.0"
            else release
            for release in releases
            for file in release.files
        )
        for name, releases in offered.projects.items()
    }
    age = {"POETRY_SOLVER_MIN_RELEASE_AGE": "3"}
    with desk(tmp_path, Catalogue(young), settings=age) as project:
        lock = project.lock()
        assert b'version = "2.0"' not in lock
        assert set(project.index.asked.values()) == {1}
        assert not any("-2.0-" in path for path in project.index.asked)
        assert project.index.most > 4
        assert lock == project.plain()


# Caches


def test_poetry_and_the_plugin_find_what_the_other_has_fetched(tmp_path: Path) -> None:
    with desk(tmp_path, wide(4)) as project:
        lock = project.lock()
        project.index.requests.clear()
        assert project.plain() == lock
        assert project.index.requests == []

        anew = project.with_new_cache()
        assert anew.plain() == lock
        assert len(project.index.requests) == 12
        anew.path.unlink()
        project.index.requests.clear()
        assert anew.lock() == lock
        assert project.index.requests == []


def test_without_a_cache_nothing_is_kept(tmp_path: Path) -> None:
    with desk(tmp_path, wide(4)) as project:
        for _ in range(2):
            project.index.requests.clear()
            project.lock("--no-cache", "--regenerate")
            assert len(project.index.requests) == 12
            assert set(project.index.asked.values()) == {1}
        assert list((tmp_path / "home").rglob("corp")) == []
