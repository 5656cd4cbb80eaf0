"""Check `yanked`: locked releases that Poetry's cache knows to be yanked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from checked import locked, project, stage
from memory_commands import Ended, run
from poetry_fti.bridge.index.pages import CachedPages
from poetry_fti.checks import load_check
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


def messages(yanked: Mapping[str, str]) -> list[str]:
    package = replace(locked("app", "1.0"), digests=TWO)
    checked = replace(stage("training", {"app": "1.0"}), packages=(package, package))
    given = replace(project(checked), yanked=lambda: yanked)
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


@pytest.mark.parametrize("in_files", [False, True])
def test_pages_of_any_age_are_read_from_the_cache(demo: MemoryProject, *, in_files: bool) -> None:
    demo.index.cached_in_files = in_files
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["app==1.0", "lib"]}))
    demo.lock()
    before = list(demo.index.requests)
    assert run(demo, "check", "--only", "yanked") == Ended(0, FOUND)
    assert demo.index.requests == before


def test_without_a_cache_it_is_silent(demo: MemoryProject) -> None:
    demo.index.offer(RELEASES)
    demo.write(pyproject({"training": ["app==1.0", "lib"]}))
    demo.lock()
    demo.index.answers.data.clear()
    assert run(demo, "check", "--only", "yanked") == Ended(0, "1 check run: nothing found.\n")


@pytest.mark.parametrize("page", [b"{", b'{"files": [{"yanked": true}]}', b'["yanked": true]'])
def test_damaged_pages_are_ignored(
    locked_demo: MemoryProject, monkeypatch: pytest.MonkeyPatch, page: bytes
) -> None:
    monkeypatch.setattr(CachedPages, "page", lambda *_: page)
    ended = run(locked_demo, "check", "--only", "yanked")
    assert ended == Ended(0, "1 check run: nothing found.\n")
