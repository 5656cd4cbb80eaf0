"""What a lock prefers besides its own versions: its siblings', then those of poetry.lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback.index import LoopbackIndex
from small_index import catalogue, lab, pyproject

if TYPE_CHECKING:
    from pathlib import Path

    from small_index import Lab, Releases

pytestmark = pytest.mark.newest_only

OLD: Releases = {"app 1.0": ["lib"], "lib 1.0": []}
NEW: Releases = {**OLD, "app 2.0": ["lib"], "lib 2.0": [], "more 1.0": ["lib"]}


@pytest.fixture
def demo(tmp_path: Path) -> Lab:
    return lab(tmp_path)


def lock_with_poetry(demo: Lab, releases: Releases) -> None:
    assert demo.run(releases, "lock").code == 0


@pytest.mark.parametrize("words", [[], ["feature"]])
def test_a_first_lock_takes_the_versions_of_poetry_lock(words: list[str], demo: Lab) -> None:
    demo.write(pyproject({"feature": ["lib"], "training": ["app"]}))
    lock_with_poetry(demo, OLD)
    demo.lock(NEW, *words)
    expected = {"feature": "lib 1.0", "training": "app 1.0, lib 1.0"}
    assert demo.locked == {name: expected[name] for name in words or expected}


def siblings_beside_poetry_lock(demo: Lab, training: str) -> None:
    """Leave `lib 1.0` in a stage and 2.0 in poetry.lock, and a new stage."""
    demo.write(pyproject({"feature": ["lib"]}))
    demo.lock(OLD)
    lock_with_poetry(demo, {"lib 2.0": []})
    demo.write(pyproject({"feature": [training], "training": ["lib"]}))


def test_siblings_come_before_poetry_lock(demo: Lab) -> None:
    siblings_beside_poetry_lock(demo, "lib")
    demo.lock(NEW)
    assert demo.locked == {"feature": "lib 1.0", "training": "lib 1.0"}


def test_versions_that_the_index_no_longer_has_are_dropped(demo: Lab) -> None:
    demo.write(pyproject({"feature": ["app"], "training": ["lib"]}))
    demo.lock(OLD)
    lock_with_poetry(demo, OLD)
    demo.write(pyproject({"feature": ["app>=1"], "training": ["lib"], "inference": ["lib"]}))
    without: Releases = {release: asked for release, asked in NEW.items() if release != "lib 1.0"}
    demo.lock(without)
    assert demo.locked == {
        "feature": "app 1.0, lib 2.0",
        "training": "lib 1.0",  # fresh: it is left alone
        "inference": "lib 2.0",
    }


FROM_A_SOURCE = """\
[tool.poetry.group.feature.dependencies]
lib = {{ version = "*", source = "private" }}
[[tool.poetry.source]]
name = "private"
url = "{url}"
priority = "explicit"
"""


def test_a_sibling_s_version_from_another_source_is_dropped(demo: Lab) -> None:
    with LoopbackIndex(catalogue({"lib 9.0": []})) as private:
        source = FROM_A_SOURCE.format(url=private.simple_url)
        demo.write(pyproject({"feature": ["lib"]}, source))
        demo.lock(NEW)
        demo.write(pyproject({"feature": ["lib"], "training": ["lib"]}, source))
        demo.lock(NEW)
    assert demo.locked == {"feature": "lib 9.0", "training": "lib 2.0"}


def test_siblings_come_before_poetry_lock_also_while_they_are_stale(demo: Lab) -> None:
    siblings_beside_poetry_lock(demo, "lib>=1")
    demo.lock(NEW, "training")
    assert demo.locked["training"] == "lib 1.0"
