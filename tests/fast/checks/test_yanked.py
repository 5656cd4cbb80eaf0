"""Check `yanked`: locked releases that Poetry's cache knows to be yanked."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from checked import locked, project, stage
from memory_commands import Ended, run
from poetry_fti.bridge.index.pages import CachedPages
from poetry_fti.checks import load_check
from poetry_fti.checks.shared.facts import Yanks
from small_index import pyproject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from memory_index import MemoryProject
    from small_index import Releases

TWO: Final = frozenset({"sha256:01", "sha256:02"})
RELEASES: Final[Releases] = {"app 1.0": ["yanked broken"], "lib 1.0": [], "lib 2.0": ["yanked"]}
FOUND: Final = """\
training
  warning app 1.0 has been yanked from PyPI: broken [yanked]
    required by pyproject.toml -> app
    Run `poetry fti update training app`, or require another version if that keeps this one.

1 check run: 0 errors, 1 warning.
"""


NOTHING: Final = "1 check run: nothing found.\n"


def unknown(packages: str) -> str:
    pages = "page is" if packages == "1 package" else "pages are"
    return f"yanked: unknown for {packages}, whose {pages} not in Poetry's cache.\n"


def messages(yanked: Mapping[str, str]) -> list[str]:
    package = replace(locked("app", "1.0"), digests=TWO)
    checked = replace(stage("training", {"app": "1.0"}), packages=(package, package))
    given = replace(project(checked), yanks=lambda: Yanks(yanked))
    return [each.message for each in load_check("yanked").find(given)]


@pytest.mark.parametrize(
    ("yanked", "message"),
    [
        (dict.fromkeys(TWO, ""), "app 1.0 has been yanked from PyPI"),
        (dict.fromkeys(TWO, "a\nb"), "app 1.0 has been yanked from PyPI: a\\nb"),
        ({"sha256:01": "b", "sha256:02": "a"}, "app 1.0 has been yanked from PyPI: a; b"),
        ({"sha256:01": "a"}, "1 of 2 files of app 1.0 has been yanked from PyPI: a"),
    ],
)
def test_reasons(yanked: dict[str, str], message: str) -> None:
    assert messages(yanked) == [message]


def test_other_files_are_no_matter() -> None:
    assert messages({}) == messages({"sha256:03": "a"}) == []


@pytest.mark.slow
@pytest.mark.parametrize("in_files", [False, True])
def test_pages_of_any_age_are_read_from_the_cache(demo: MemoryProject, *, in_files: bool) -> None:
    demo.index.cached_in_files = in_files
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["app==1.0", "lib"]}))
    demo.lock()
    before = list(demo.index.requests)
    assert run(demo, "check", "--only", "yanked") == Ended(0, FOUND)
    assert demo.index.requests == before


def test_without_a_cache_nothing_is_known(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["app==1.0", "lib"]}))
    demo.lock()
    demo.index.answers.data.clear()
    before = list(demo.index.requests)
    check = ("check", "--only", "yanked", "--offline")
    assert run(demo, *check) == Ended(0, f"{unknown('2 packages')}{NOTHING}")
    assert demo.index.requests == before


@pytest.mark.slow
def test_what_is_unknown_is_counted_in_the_stages_that_are_checked(demo: MemoryProject) -> None:
    demo.index.offer({"app 1.0": ["lib"], "lib 1.0": [], "other 1.0": []})
    groups = {"training": ["app"], "inference": ["lib", "other"]}
    demo.write(pyproject(groups))
    demo.lock()
    demo.index.answers.data.clear()
    check = ("check", "--only", "yanked")
    assert run(demo, *check).output == f"{unknown('3 packages')}{NOTHING}"
    assert run(demo, *check, "training").output == f"{unknown('2 packages')}{NOTHING}"
    off = '[tool.fti.stages.inference.check]\nyanked = "off"\n'
    demo.write(pyproject({**groups, "training": ["other"]}, off))
    demo.lock()
    demo.index.answers.data.clear()
    assert run(demo, *check).output == f"{unknown('1 package')}{NOTHING}"
    assert run(demo, *check, "inference").output == NOTHING
    assert json.loads(run(demo, *check, "--format", "json").output)["unknown"] == [
        {
            "check": "yanked",
            "message": "unknown for 1 package, whose page is not in Poetry's cache",
        }
    ]


@pytest.mark.slow
@pytest.mark.parametrize("page", [b"{", b'{"files": [{"yanked": true}]}', b'["yanked": true]'])
def test_damaged_pages_are_ignored(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch, page: bytes
) -> None:
    monkeypatch.setattr(CachedPages, "page", lambda *_: page)
    ended = run(locked_demo, "check", "--only", "yanked")
    assert ended == Ended(0, "1 check run: nothing found.\n")
